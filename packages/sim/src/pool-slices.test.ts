import { concatBytes, hex } from '@sv2/bitcoin'
import { type Message, MINING_SETUP_FLAGS } from '@sv2/messages'
import { current } from '@sv2/messages/current'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { aPool, aTemplate, aTip, filled } from './_fixtures.ts'
import { type TestChannel, TestMiner } from './_test-miner.ts'

const MANY = 1_000

/** A miner with very many channels on one connection, and some with one, on a pool. */
function aCrowd(channels = MANY) {
  const world = aPool(current, { miners: { maxChannels: 10_000, maxChannelsPerConnection: 10_000 } })
  const { link } = world
  const crowd = new TestMiner(link, current, MINING_SETUP_FLAGS.REQUIRES_STANDARD_JOBS)
  const many = Array.from({ length: channels }, () => crowd.open('standard'))
  const others = Array.from({ length: 5 }, () => new TestMiner(link, current))
  const few = others.map((miner) => miner.open('extended'))
  for (const miner of [crowd, ...others]) miner.take()
  return { ...world, crowd, many, others, few }
}

/** Lets the pool go on by one slice, without time passing. */
function oneSlice({ link }: Pick<ReturnType<typeof aPool>, 'link'>): void {
  expect(link.role.nextDeadline()).toBeLessThanOrEqual(link.now)
  link.deliver({ kind: 'tick' })
}

const jobsOf = (messages: readonly Message[]) => messages.filter(({ type }) => type === 'NewMiningJob').length

describe('many channels on one connection', () => {
  test('are told after those with few, a slice at a time, and others have their turn between', () => {
    const world = aCrowd()
    world.tip({ templateId: 2n }, { prevHash: filled(2) })
    oneSlice(world)
    // all the others know, and of the many only a part
    for (const [at, miner] of world.others.entries()) {
      expect(miner.take().map(({ type }) => type)).toEqual(['NewExtendedMiningJob', 'SetNewPrevHash'])
      miner.peer.send(miner.find(world.few[at]!))
    }
    let told = world.crowd.take().length
    expect(told).toBeLessThan(400)
    expect(world.link.factsOf('shareAccepted')).toHaveLength(5)
    let slices = 0
    for (; told < 2 * MANY; slices++) {
      oneSlice(world)
      const more = world.crowd.take().length
      expect(more).toBeGreaterThan(0)
      expect(more).toBeLessThan(200)
      told += more
    }
    expect(slices).toBeGreaterThan(10)
    expect(world.link.role.nextDeadline()).toBeGreaterThan(world.link.now)
  })

  test('are not told of a tip that is none any more', () => {
    const world = aCrowd()
    for (let tip = 2; tip < 7; tip++) world.tip({ templateId: BigInt(tip) }, { prevHash: filled(tip) })
    world.link.advance(1_000)
    const messages = world.crowd.take()
    const last = messages.filter((message) => message.type === 'SetNewPrevHash' && message.prevHash[0] === 6)
    expect(last).toHaveLength(MANY)
    // jobs and tips for all once, and what the first slices had told before
    expect(messages.length).toBeLessThan(2 * MANY + 5 * 200)
  })

  test('hear of a new job before another target, and of nothing for a closed channel', () => {
    const world = aCrowd()
    world.templates.send(aTemplate({ templateId: 9n, futureTemplate: false }))
    const [first, last] = [world.many[0]!, world.many.at(-1)!]
    world.crowd.peer.send({ type: 'CloseChannel', channelId: first.channelId, reasonCode: '' })
    world.crowd.peer.send({
      type: 'UpdateChannel',
      channelId: last.channelId,
      nominalHashRate: 1e6,
      maximumTarget: filled(0xff),
    })
    const before = world.crowd.take()
    expect(before.some((message) => 'channelId' in message && message.channelId === last.channelId)).toBe(
      false,
    )
    world.link.advance(1_000)
    const after = world.crowd.take().map((message) => ({
      type: message.type,
      channelId: 'channelId' in message ? message.channelId : undefined,
    }))
    expect(after.filter(({ channelId }) => channelId === first.channelId)).toEqual([])
    const ofLast = after.filter(({ channelId }) => channelId === last.channelId)
    expect(ofLast.map(({ type }) => type)).toEqual(['NewMiningJob', 'SetTarget', 'NewMiningJob'])
  })

  test('have found a share of a job they were not told: it is judged like any other', () => {
    const world = aCrowd()
    world.templates.send(aTemplate({ templateId: 9n, futureTemplate: false }))
    const [told, untold] = [world.many[0]!, world.many.at(-1)!]
    const job = world.crowd.jobs(told).at(-1)!
    const share = world.crowd.find(untold, { job: { ...job, channelId: untold.channelId } })
    world.crowd.peer.send(share)
    expect([...world.link.factsOf('shareRefused'), ...world.link.factsOf('shareAccepted')]).toHaveLength(1)
  })
})

/** What a device makes of what it is told: the job it works on, and on which tip. */
class Told {
  readonly #futures = new Set<number>()
  job: number | undefined
  prevHash: string | undefined

  hear(message: Message): void {
    if (message.type === 'NewMiningJob') {
      if (message.minNtime === undefined) this.#futures.add(message.jobId)
      else this.job = message.jobId
    }
    if (message.type !== 'SetNewPrevHash') return
    // POOL-40: a tip names a job that was sent before, as a future one
    expect(this.#futures.has(message.jobId)).toBe(true)
    this.job = message.jobId
    this.prevHash = hex(message.prevHash)
  }
}

test('whatever happens between slices, each channel hears things in order, and ends with the newest', () => {
  const step = fc.constantFrom('future', 'tip', 'update', 'slice', 'slice', 'open', 'close', 'target')
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const world = aCrowd(200)
      const open = new Map<number, TestChannel>(world.many.map((channel) => [channel.channelId, channel]))
      let templateId = 10n
      let future: bigint | undefined
      let newest = concatBytes(filled(0xaa))
      for (const what of steps) {
        templateId++
        if (what === 'slice') world.link.deliver({ kind: 'tick' })
        else if (what === 'future') {
          future = templateId
          world.templates.send(aTemplate({ templateId }))
        } else if (what === 'update') world.templates.send(aTemplate({ templateId, futureTemplate: false }))
        else if (what === 'tip') {
          newest = filled(Number(templateId % 250n))
          if (future === undefined) world.tip({ templateId }, { prevHash: newest })
          else world.templates.send(aTip({ templateId: future, prevHash: newest }))
          future = undefined
        } else if (what === 'open') {
          const channel = world.crowd.open('standard')
          open.set(channel.channelId, channel)
        } else {
          const [channelId] = [...open.keys()].slice(Number(templateId) % open.size)
          if (channelId === undefined) continue
          if (what === 'close') {
            world.crowd.peer.send({ type: 'CloseChannel', channelId, reasonCode: '' })
            open.delete(channelId)
          } else {
            const nominalHashRate = Number(templateId) * 1e5
            world.crowd.peer.send({
              type: 'UpdateChannel',
              channelId,
              nominalHashRate,
              maximumTarget: filled(0xff),
            })
          }
        }
      }
      world.link.advance(2_000)
      world.crowd.take()
      const told = new Map<number, Told>()
      for (const message of world.crowd.log) {
        if (!('channelId' in message) || message.channelId === undefined) continue
        const known = told.get(message.channelId) ?? new Told()
        told.set(message.channelId, known)
        known.hear(message)
      }
      const present = [...open.keys()].map((channelId) => told.get(channelId)?.prevHash)
      expect(new Set(present)).toEqual(new Set([hex(newest)]))
      expect(jobsOf(world.crowd.log)).toBeGreaterThan(0)
    }),
    { numRuns: 30 },
  )
})

describe('limits of one network address', () => {
  /** A connection from somewhere. */
  function from(link: ReturnType<typeof aPool>['link'], address: string | undefined, flags = 0) {
    return new TestMiner({ connect: (options) => link.connect({ ...options, address }) }, current, flags)
  }

  test('its channels are counted over all its connections, and those of the allow list are not', () => {
    const { link } = aPool(current, { miners: { maxChannelsPerAddress: 3 } })
    const [one, two] = [from(link, '192.0.2.1'), from(link, '192.0.2.1')]
    const first = one.open('extended')
    one.open('standard')
    two.open('extended')
    const requestId = two.request('extended')
    expect(two.take()).toEqual([
      { type: 'OpenMiningChannel.Error', requestId, errorCode: 'channel-capacity-exhausted' },
    ])
    expect(link.factsOf('channelRefused')).toMatchObject([{ detail: '3 channels of one address' }])
    from(link, '192.0.2.2').open('extended')
    const allowed = from(link, undefined)
    for (let channel = 0; channel < 5; channel++) allowed.open('extended')
    one.peer.send({ type: 'CloseChannel', channelId: first.channelId, reasonCode: '' })
    two.open('extended')
    one.peer.disconnect()
    two.open('extended')
  })

  test('in solo mode, so are the payouts that it brings', () => {
    const { link } = aPool(current, {
      payout: { mode: 'solo', network: 'regtest', maxPayouts: 10, maxPayoutsPerAddress: 1 },
    })
    const users = [
      'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080',
      'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202',
    ]
    const miner = from(link, '192.0.2.1')
    const { channelId } = miner.open('extended', { user: users[0]! })
    miner.open('extended', { user: `${users[0]}.again` })
    miner.request('extended', { user: users[1]! })
    expect(miner.take()).toMatchObject([{ errorCode: 'channel-capacity-exhausted' }])
    from(link, '192.0.2.2').open('extended', { user: users[1]! })
    // nor is one that another has brought counted
    miner.open('extended', { user: users[1]! })
    miner.peer.send({ type: 'CloseChannel', channelId, reasonCode: '' })
  })
})
