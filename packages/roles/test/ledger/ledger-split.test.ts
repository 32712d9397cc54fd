import { concatBytes, encodeHeightPush } from '@sv2/bitcoin'
import { POOL } from '@sv2/roles/ledger'
import { splitReward } from '@sv2/roles/payouts'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { HARDER_NBITS, History, keyOf, POOL_SCRIPT, replay, scriptOf } from './_history.ts'

const DAY = 86_400_000

/** The parts of the next block, in ten-thousandths of what is left of it after the fee. */
function parts(history: History): Record<string, number> {
  const weights = [...history.ledger.weights()]
  const all = weights.reduce((sum, [, weight]) => sum + weight, 0n)
  return Object.fromEntries(
    weights.map(([key, weight]) => [key.slice(-2), Math.round(Number((weight * 100_000n) / all) / 10)]),
  )
}

describe('pplns', () => {
  test('splits by work, and the fee goes to the pool', () => {
    const history = new History().start(2)
    history.share(1, 300)
    history.after(31_000).share(2, 100)
    const { distribution } = history
    expect(distribution?.payouts.map(({ script }) => script)).toEqual([scriptOf(1), scriptOf(2)])
    expect(splitReward(distribution!, 315_000_000n)).toEqual({
      pool: 6_300_000n,
      payouts: [231_525_000n, 77_175_000n],
    })
  })

  test('forgets what is older than its window, and of the oldest time it counts a part for everybody alike', () => {
    const history = new History({ scheme: { scheme: 'pplns', window: 1n << 40n } }).start(3)
    history.share(1, 600)
    history.share(2, 200)
    history.after(DAY).share(3, 512)
    expect(parts(history)).toEqual({ '03': 5000, '01': 3750, '02': 1250 })
    history.after(DAY).share(3, 513)
    expect(parts(history)).toEqual({ '03': 10_000 })
  })

  test('counts work by what the network asked for at its time', () => {
    const history = new History().start(2)
    history.share(1, 100)
    history.nbits = HARDER_NBITS
    history.tip()
    history.share(2, 100)
    expect(parts(history)).toEqual({ '01': 5000, '02': 5000 })
  })

  test('counts one share as one block at most', () => {
    const history = new History().start(2)
    history.share(1, 1024)
    history.share(2, 900_000)
    expect(parts(history)).toEqual({ '01': 5000, '02': 5000 })
  })

  test('a job that pays the pool one satoshi earns nothing, and one that pays half earns half', () => {
    const history = new History().start(3)
    history.share(1, 100, { toPool: 1n })
    history.share(2, 100, { toPool: history.value / 2n })
    history.share(3, 100)
    expect(parts(history)).toEqual({ '01': 0, '02': 3333, '03': 6667 })
  })

  test('a job that leaves the subsidy to nobody earns by what it pays, although the pool gets all of that', () => {
    const history = new History().start(2)
    history.share(1, 100, { toPool: 3_125_000n, total: 3_125_000n })
    history.share(2, 100, { toPool: 312_500_000n, total: 312_500_000n })
    expect(parts(history)).toEqual({ '01': 99, '02': 9901 })
  })

  test('is a new distribution at a tip and at a block, and else every thirty seconds at most', () => {
    const history = new History().start(1)
    const made = () => history.facts.filter(({ kind }) => kind === 'distribution').length
    const before = made()
    for (let second = 0; second < 59; second++) history.after(1000).share(1, 1)
    expect(made() - before).toBe(1)
    history.tip()
    expect(made() - before).toBe(2)
    history.block(1)
    expect(history.facts.at(-1)).toMatchObject({ kind: 'distribution', voids: true })
  })

  test('nobody’s score depends on how many shares another one sent', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            miner: fc.integer({ min: 1, max: 3 }),
            parts: fc.integer({ min: 2, max: 900 }),
            wait: fc.nat({ max: DAY }),
          }),
          {
            minLength: 1,
            maxLength: 40,
          },
        ),
        (shares) => {
          const whole = new History().start(3)
          const halved = new History().start(3)
          for (const { miner, parts: of, wait } of shares) {
            whole.after(wait).share(miner, of)
            halved.after(wait)
            if (miner !== 1) {
              halved.share(miner, of - 1)
              halved.share(miner, 1)
            } else halved.share(miner, of)
          }
          expect(halved.ledger.weights()).toEqual(whole.ledger.weights())
        },
      ),
      { numRuns: 100 },
    )
  })
})

describe('the order in which the journals of two nodes come', () => {
  test('makes no difference to who is owed what', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            node: fc.nat({ max: 1 }),
            miner: fc.integer({ min: 1, max: 4 }),
            parts: fc.integer({ min: 1, max: 3000 }),
            wait: fc.nat({ max: 10_000_000 }),
          }),
          { minLength: 1, maxLength: 60 },
        ),
        fc.array(fc.nat({ max: 1 }), { maxLength: 60 }),
        (shares, turns) => {
          const journals = [0, 1].map((node) => {
            const history = new History({}, undefined, node).start(4)
            for (const share of shares) {
              history.after(share.wait)
              if (share.node === node) history.share(share.miner, share.parts)
            }
            return history.records
          })
          const inTurn = (order: readonly number[]) => {
            const { ledger } = new History()
            const at = [0, 0]
            for (const node of [...order, ...journals.flatMap((records, n) => records.map(() => n))]) {
              const record = journals[node]![at[node]!]
              if (record !== undefined) ledger.handle({ node, entry: { sequence: at[node]!++, record } })
            }
            return ledger.weights()
          }
          expect(inTurn(turns)).toEqual(inTurn([]))
          expect(inTurn(turns.map((node) => 1 - node))).toEqual(inTurn([]))
        },
      ),
      { numRuns: 100 },
    )
  })
})

describe('slice', () => {
  test('a job without fees earns less of the fees, and one with more than usual earns no more', () => {
    const history = new History({ scheme: { scheme: 'slice', window: 8n << 40n } })
    history.value = 400_000_000n // 3.125 of subsidy at this height, 0.875 of fees
    history.start(4)
    history.share(1, 128)
    history.share(2, 128, { toPool: 312_500_000n, total: 312_500_000n })
    history.share(4, 128, { toPool: 312_500_000n, total: 900_000_000n })
    history.share(3, 128, { toPool: 900_000_000n, total: 900_000_000n })
    const weights = history.ledger.weights()
    expect(Number(weights.get(keyOf(2))) / Number(weights.get(keyOf(1)))).toBeCloseTo(3.125 / 4, 9)
    expect(weights.get(keyOf(4))).toBe(weights.get(keyOf(2)))
    expect(weights.get(keyOf(3))).toBe(weights.get(keyOf(1)))
  })
})

describe('round', () => {
  test('splits a block by the work since the last one, up to its own share', () => {
    const history = new History({ scheme: { scheme: 'round' }, feePpm: 0n }).start(2)
    history.share(1, 100)
    history.after(1000).share(2, 100)
    history.block(2)
    const { booking } = history.ledger.blocks()[0]!
    expect(booking.earned).toEqual(
      new Map([
        [keyOf(1), 157_500_000n],
        [keyOf(2), 157_500_000n],
        [POOL, 0n],
      ]),
    )
    expect(history.ledger.weights().size).toBe(0)
  })
})

describe('solo', () => {
  test('the finder has earned all but the fee', () => {
    const history = new History({ scheme: { scheme: 'solo' }, feePpm: 10_000n }).start(2)
    history.share(1, 100)
    history.block(2)
    const { booking } = history.ledger.blocks()[0]!
    expect(booking.earned).toEqual(
      new Map([
        [keyOf(2), 311_850_000n],
        [POOL, 3_150_000n],
      ]),
    )
  })
})

describe('fpps', () => {
  test('owes each share its part of a block, less the fee, whatever is found; and parts of a satoshi add up', () => {
    const history = new History({ scheme: { scheme: 'fpps', feeBlocks: 0 } }).start(2)
    for (let n = 0; n < 1024; n++) history.share(1, 1)
    expect(history.ledger.balance(keyOf(1))).toBe(308_699_999n)
    expect(history.ledger.balance(POOL)).toBe(-308_699_999n)
    history.block(2)
    expect(history.ledger.blocks()[0]!.booking.earned).toEqual(new Map([[POOL, 315_000_000n]]))
  })

  test('fees of a block are the average of the blocks before it, whatever the present template has', () => {
    const subsidy = 312_500_000n
    const history = new History({ scheme: { scheme: 'fpps', feeBlocks: 2 }, feePpm: 0n })
    for (const fees of [8_000_000n, 1_000_000n, 3_000_000n]) {
      history.value = subsidy + fees
      if (history.height === 900_000) history.start(1)
      else history.tip()
      // the next template of the same height
      history.value -= 500_000n
      history.job()
    }
    history.value = subsidy + 90_000_000n
    history.tip()
    history.share(1, 1024)
    expect(history.ledger.balance(keyOf(1))).toBe(subsidy + 2_000_000n)
    expect(replay(history.records, { scheme: { scheme: 'fpps', feeBlocks: 2 }, feePpm: 0n }).state).toEqual(
      history.ledger.state,
    )
  })

  test('before there is a block to average, fees are those of the present template', () => {
    const history = new History({ scheme: { scheme: 'fpps', feeBlocks: 144 }, feePpm: 0n }).start(1)
    history.share(1, 1024)
    expect(history.ledger.balance(keyOf(1))).toBe(315_000_000n)
  })

  test('a job of the tip before, that a late share names, counts for its own height', () => {
    const history = new History({ scheme: { scheme: 'fpps', feeBlocks: 1 }, feePpm: 0n }).start(1)
    history.tip()
    const [late] = history.records.filter(({ kind }) => kind === 'job')
    if (late?.kind !== 'job') throw new Error('no job')
    const coinbasePrefix = concatBytes(new Uint8Array(42), encodeHeightPush(history.height - 1))
    history.write({ ...late, job: 9, time: history.time, value: 400_000_000n, coinbasePrefix })
    history.share(1, 1024)
    expect(history.ledger.balance(keyOf(1))).toBe(400_000_000n)
  })

  test('a payment takes off what it paid', () => {
    const history = new History({ scheme: { scheme: 'fpps', feeBlocks: 0 } }).start(1)
    history.share(1, 1024)
    history.write({
      kind: 'payment',
      time: history.time,
      txid: new Uint8Array(32),
      paid: [{ account: 1, value: 308_000_000n }],
    })
    expect(history.ledger.balance(keyOf(1))).toBe(700_000n)
  })
})

test('a miner that is paid to the script of the pool is no output of its own', () => {
  const history = new History()
  history.write({ kind: 'account', account: 1, name: 'ours', script: POOL_SCRIPT })
  history.tip()
  history.share(1, 10)
  history.tip()
  expect(history.distribution?.payouts).toEqual([])
})
