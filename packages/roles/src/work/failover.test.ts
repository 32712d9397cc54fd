import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  Failover,
  nextStanding,
  type Slot,
  STANDINGS,
  type Standing,
  type StandingEvent,
} from './failover.ts'

const EVERY_STANDING = Object.keys(STANDINGS) as Standing[]
const EVERY_EVENT: readonly StandingEvent[] = ['failed', 'refused', 'postponed', 'proven', 'rested', 'letGo']
const TRUST_MS = 60_000

function failover(givers: number, whileBackingOff: 'connected' | 'disconnected' = 'connected') {
  const order = [...Array(givers).keys()]
  const slot: Slot = { order, using: [] }
  const it = new Failover({ givers, trustAfterMs: TRUST_MS, whileBackingOff })
  it.steer([slot], 0)
  return { it, slot, pick: (now: number) => it.pick(order, now) }
}

describe('the table of standings', () => {
  test('leads back to a good standing from every one, after any events', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...EVERY_STANDING),
        fc.array(fc.constantFrom(...EVERY_EVENT)),
        (from, events) => {
          const anywhere = events.reduce(nextStanding, from)
          expect((['rested', 'proven'] as const).reduce(nextStanding, anywhere)).toBe('good')
        },
      ),
    )
  })

  test('takes nothing but rest while we back off', () => {
    for (const event of EVERY_EVENT.filter((each) => each !== 'rested')) {
      expect(nextStanding('backingOff', event)).toBe('backingOff')
      expect(nextStanding('postponed', event)).toBe('postponed')
    }
  })
})

describe('failover', () => {
  test('uses the first giver that is up', () => {
    const { it, pick } = failover(2)
    expect(pick(0)).toBeUndefined()
    it.up(0, 0)
    expect(pick(0)).toBe(0)
  })

  test('connects the next giver when the first fails, and tries the first on', () => {
    const { it, slot, pick } = failover(2)
    it.failed(0)
    expect(it.steer([slot], 0)).toEqual([{ giver: 1, isWanted: true }])
    it.up(1, 0)
    expect(pick(0)).toBe(1)
    expect(it.isDialed(0)).toBe(true)
  })

  test('returns to a better giver when it has been up for the time of trust, to the millisecond', () => {
    const { it, pick } = failover(2)
    it.failed(0)
    it.up(1, 0)
    it.up(0, 1_000)
    expect(it.nextDeadline()).toBe(1_000 + TRUST_MS)
    expect(pick(TRUST_MS + 999)).toBe(1)
    expect(pick(TRUST_MS + 1_000)).toBe(0)
  })

  test('begins the time of trust anew when the giver is lost meanwhile', () => {
    const { it, pick } = failover(2)
    it.failed(0)
    it.up(1, 0)
    it.up(0, 1_000)
    it.down(0)
    it.up(0, 50_000)
    expect(pick(TRUST_MS + 1_000)).toBe(1)
  })

  test('lets the others go when the first one is used', () => {
    const { it, slot } = failover(2)
    it.failed(0)
    it.steer([slot], 0)
    it.up(0, 0)
    it.tick(TRUST_MS)
    expect(it.steer([slot], TRUST_MS)).toEqual([{ giver: 1, isWanted: false }])
  })

  test('keeps the connections that a slot still uses', () => {
    const { it, slot } = failover(2)
    it.failed(0)
    it.steer([slot], 0)
    it.up(0, 0)
    it.tick(TRUST_MS)
    expect(it.steer([{ ...slot, using: [1] }], TRUST_MS)).toEqual([])
  })

  test('backs off from a giver that refuses, twice as long each time, at most five minutes', () => {
    const { it } = failover(1)
    const waits: number[] = []
    for (let now = 0, round = 0; round < 9; round++) {
      it.refused(0, now)
      const until = it.nextDeadline()
      waits.push(until - now)
      expect(it.isBackingOff(0, until - 1)).toBe(true)
      expect(it.tick(until)).toEqual([0])
      expect(it.isBackingOff(0, until)).toBe(false)
      now = until
    }
    expect(waits).toEqual([5, 10, 20, 40, 80, 160, 300, 300, 300].map((sec) => sec * 1_000))
  })

  test('is over a back-off when its time is over, also before the tick that says so', () => {
    const { it } = failover(1)
    it.refused(0, 0)
    expect(it.isBackingOff(0, 4_999)).toBe(true)
    expect(it.isBackingOff(0, 5_000)).toBe(false)
  })

  test('counts a refusal once, however many hear of it', () => {
    const { it } = failover(1)
    for (let times = 0; times < 5; times++) it.refused(0, 0)
    it.tick(5_000)
    it.refused(0, 5_000)
    expect(it.nextDeadline()).toBe(15_000)
  })

  test('forgets refusals of a giver that serves', () => {
    const { it } = failover(1)
    it.refused(0, 0)
    it.tick(5_000)
    it.served(0)
    it.refused(0, 5_000)
    expect(it.nextDeadline()).toBe(10_000)
  })

  test('does not hold a postponement against a giver', () => {
    const { it } = failover(1)
    for (let now = 0; now < 50_000; now += 5_000) {
      it.postponed(0, now)
      expect(it.nextDeadline()).toBe(now + 5_000)
      it.tick(now + 5_000)
      it.up(0, now + 5_000)
      expect(it.health(0, now + 5_000)).toBe('ready')
      it.down(0)
    }
  })

  test.each([
    ['idle', []],
    ['dialing', ['steer']],
    ['failing', ['steer', 'failed']],
    ['failing', ['steer', 'refused']],
    ['failing', ['steer', 'up', 'refused']],
    ['failing', ['steer', 'up', 'postponed']],
    ['ready', ['steer', 'up']],
    ['recovering', ['steer', 'failed', 'up']],
  ] as const)('finds a giver %s after %j', (health, steps) => {
    const order = [0]
    const it = new Failover({ givers: 1, trustAfterMs: TRUST_MS, whileBackingOff: 'connected' })
    for (const step of steps) {
      if (step === 'steer') it.steer([{ order, using: [] }], 0)
      else it[step](0, 0)
    }
    expect(it.health(0, 0)).toBe(health)
  })

  test('ends the connection to a giver it backs off from where that is wanted', () => {
    const { it, slot } = failover(1, 'disconnected')
    it.refused(0, 0)
    expect(it.steer([slot], 0)).toEqual([{ giver: 0, isWanted: false }])
    it.tick(5_000)
    expect(it.steer([slot], 5_000)).toEqual([{ giver: 0, isWanted: true }])
  })

  test('asks a giver at once that it is told to ask soon', () => {
    const { it } = failover(1)
    it.refused(0, 0)
    it.askSoon(0, 1_000)
    expect(it.tick(1_000)).toEqual([0])
  })

  test('comes back to the best giver after any history, when all of them are well for long enough', () => {
    const step = fc.record({
      giver: fc.nat(2),
      what: fc.constantFrom('up', 'down', 'failed', 'refused', 'postponed', 'served', 'steer'),
      afterMs: fc.nat(400_000),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { it, slot, pick } = failover(3)
        let now = 0
        for (const { giver, what, afterMs } of steps) {
          now += afterMs
          it.tick(now)
          if (what === 'steer') it.steer([slot], now)
          else it[what](giver, now)
        }
        now += 300_000
        it.tick(now)
        for (const giver of slot.order) it.up(giver, now)
        now += TRUST_MS
        it.tick(now)
        expect(pick(now)).toBe(0)
        expect(it.nextDeadline()).toBe(Number.POSITIVE_INFINITY)
      }),
    )
  })
})
