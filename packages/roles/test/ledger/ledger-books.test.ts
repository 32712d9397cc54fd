import { displayHash } from '@sv2/bitcoin'
import { changes, POOL } from '@sv2/roles/ledger'
import { rewardOutputs } from '@sv2/roles/payouts'
import { describe, expect, test } from 'vitest'
import { coinbaseWith, History, keyOf, POOL_SCRIPT, scriptOf } from './_history.ts'

/** A pool in which miner 3 has done so little that its part is dust. */
function withDust(settings: ConstructorParameters<typeof History>[0] = {}): History {
  const history = new History({ dustLimit: 1_000_000, ...settings }).start(3)
  history.share(1, 600)
  history.share(2, 400)
  history.share(3, 1)
  history.tip()
  return history
}

const owed = (history: History, miner: number) => history.ledger.balance(keyOf(miner))

describe('what is dust', () => {
  test('is owed, and paid with a later block, out of the output of the pool', () => {
    const history = withDust()
    expect(history.distribution?.payouts.map(({ script }) => script)).toEqual([scriptOf(1), scriptOf(2)])
    for (let n = 0; n < 3; n++) {
      history.chain(history.block(1), 6)
      history.tip()
    }
    expect(owed(history, 3)).toBe(3n * 308_392n)
    // with a fourth part it is more than dust
    const { payouts } = history.distribution!
    expect(payouts.at(-1)).toEqual({ script: scriptOf(3), weight: 4n * 308_392n, dustLimit: 1_000_000 })
    expect(payouts.slice(0, 2).map(({ weight }) => weight)).toEqual([185_034_965n, 123_356_643n])
    history.chain(history.block(1), 6)
    expect(owed(history, 3)).toBe(0n)
    expect(owed(history, 1)).toBe(0n)
  })

  test('is not promised before the block that left it is confirmed, and not if it is orphaned', () => {
    const history = withDust()
    const hashes = [1, 2, 3].map(() => history.block(1))
    history.tip()
    expect(history.distribution?.payouts.length).toBe(2)
    for (const hash of hashes) history.chain(hash, 6)
    history.tip()
    expect(history.distribution?.payouts.length).toBe(3)
    for (const hash of hashes) history.chain(hash, 0)
    history.tip()
    expect(history.distribution?.payouts.length).toBe(2)
    expect(owed(history, 3)).toBe(0n)
  })

  test('is not repaid out of other miners’ parts when the pool takes no fee', () => {
    const history = withDust({ feePpm: 0n, dustLimit: 10_000_000 })
    for (let n = 0; n < 40; n++) {
      history.chain(history.block(1), 6)
      history.tip()
    }
    expect(owed(history, 3)).toBeGreaterThan(10_000_000n)
    // nothing but what is owed to miner 3 by this very block is in the output of the pool
    const { pool, payouts } = history.distribution!
    expect(payouts.length).toBe(2)
    expect(pool.weight).toBe(314_686n)
  })
})

describe('a payment from the wallet of the operator', () => {
  test('is taken off the balance, once for each transaction', () => {
    const history = withDust()
    for (let n = 0; n < 2; n++) {
      history.chain(history.block(1), 6)
      history.tip()
    }
    history.payment(1, 3, 600_000n)
    history.payment(1, 3, 600_000n)
    expect(owed(history, 3)).toBe(2n * 308_392n - 600_000n)
    history.payment(2, 3, 20_000n)
    // what was paid too much is kept back
    expect(owed(history, 3)).toBe(-3_216n)
    expect(history.ledger.balance(POOL)).toBe(3_216n)
  })
})

describe('two blocks on one distribution', () => {
  test('pay what was owed twice, and it is kept back afterwards', () => {
    const history = withDust()
    for (let n = 0; n < 3; n++) {
      history.chain(history.block(1), 6)
      history.tip()
    }
    const job = history.job()
    const promised = history.distribution!.payouts.at(-1)!.weight
    const first = history.block(1, job)
    const second = history.block(2, job)
    // before either is confirmed, no more is promised than is left
    history.tip()
    expect(history.distribution!.payouts.length).toBe(2)
    history.chain(first, 6)
    history.chain(second, 6)
    expect(owed(history, 3)).toBe(5n * 308_392n - 2n * promised)
    expect(owed(history, 3)).toBeLessThan(0n)
    for (let n = 0; n < 5; n++) {
      history.tip()
      history.chain(history.block(1), 6)
    }
    expect(owed(history, 3)).toBe(10n * 308_392n - 2n * promised)
  })

  test('a block is booked once, whoever tells of it', () => {
    const history = withDust()
    const outputs = rewardOutputs(history.distribution!, history.value)
    const found = { finder: 1, distributionId: history.distribution!.id }
    history.foundWith(coinbaseWith(outputs, 1), found)
    history.foundWith(coinbaseWith(outputs, 1), { ...found, finder: 0, source: 'chain' })
    expect(history.ledger.blocks().length).toBe(1)
  })
})

describe('what the chain says', () => {
  test('counts after six blocks, is undone by an orphan, and done again when the block comes back', () => {
    const history = withDust()
    const hash = history.block(1)
    history.chain(hash, 5)
    expect(owed(history, 3)).toBe(0n)
    history.chain(hash, 6)
    expect(owed(history, 3)).toBe(308_392n)
    history.chain(hash, 7)
    expect(owed(history, 3)).toBe(308_392n)
    history.chain(hash, 0)
    expect(owed(history, 3)).toBe(0n)
    expect(history.facts.findLast(({ kind }) => kind === 'blockChanged')).toMatchObject({
      kind: 'blockChanged',
      before: 'confirmed',
      block: { state: 'orphaned' },
    })
    history.chain(hash, 8)
    expect(owed(history, 3)).toBe(308_392n)
  })

  test('of a block that nobody knows changes nothing', () => {
    const history = withDust()
    const { state } = history.ledger
    history.chain(new Uint8Array(32), 6)
    expect({ ...history.ledger.state, cursors: [] }).toEqual({ ...state, cursors: [] })
  })

  test('a block that only the chain told of is booked by its distribution', () => {
    const history = withDust()
    const hash = history.block(0, undefined, 'chain')
    const { booking } = history.ledger.blocks()[0]!
    expect(booking).toMatchObject({ hash: displayHash(hash), finder: undefined, fee: 6_300_000n })
    expect(changes(booking).get(keyOf(3))).toBe(308_392n)
  })

  test('a block on a distribution that is long forgotten pays the fee exactly, and is split by the work of now', () => {
    const history = withDust()
    const outputs = rewardOutputs(history.distribution!, history.value)
    history.foundWith(coinbaseWith(outputs, 1), { finder: 1, distributionId: 1_000n })
    const { booking } = history.ledger.blocks()[0]!
    expect(booking.fee).toBe(6_300_000n)
    expect(booking.paid.get(keyOf(1))).toBe(outputs[1]!.value)
    expect(changes(booking).get(keyOf(3))).toBe(308_392n)
  })

  test('a block whose share is the first of its job is booked by its own distribution, however many came since', () => {
    const history = withDust({ refreshMs: 1 })
    const { id } = history.distribution!
    const outputs = rewardOutputs(history.distribution!, history.value)
    for (let n = 0; n < 5; n++) {
      history.time += 10
      history.share(3, 1_000)
    }
    expect(history.distribution!.id).toBeGreaterThan(id + 2n)
    history.foundWith(coinbaseWith(outputs, 1), { finder: 1, distributionId: id })
    const { booking } = history.ledger.blocks()[0]!
    expect(booking.fee).toBe(6_300_000n)
    expect([1, 2, 3].map((miner) => changes(booking).get(keyOf(miner)))).toEqual([0n, 0n, 308_392n])
  })
})

describe('a miner’s own job', () => {
  test('that pays only the pool is owed to all of its miners', () => {
    const history = withDust({ dustLimit: 294 })
    history.foundWith(coinbaseWith([{ value: 200_000_000n, script: POOL_SCRIPT }], 1), {
      finder: 1,
      distributionId: 0n,
    })
    const { booking } = history.ledger.blocks()[0]!
    expect(booking.fee).toBe(4_000_000n)
    expect([1, 2, 3].map((miner) => changes(booking).get(keyOf(miner)))).toEqual([
      117_482_518n,
      78_321_678n,
      195_804n,
    ])
    expect(changes(booking).get(POOL)).toBe(-196_000_000n)
  })

  test('what it pays to others is not ours to split, although one of our miners gets it', () => {
    const history = withDust()
    const outputs = [
      ...rewardOutputs(history.distribution!, 100_000_000n),
      { value: 215_000_000n, script: scriptOf(1) },
    ]
    history.foundWith(coinbaseWith(outputs, 1), { finder: 1, distributionId: history.distribution!.id })
    const { booking } = history.ledger.blocks()[0]!
    expect(booking).toMatchObject({ total: 315_000_000n, outside: 215_000_000n, fee: 2_000_000n })
  })
})
