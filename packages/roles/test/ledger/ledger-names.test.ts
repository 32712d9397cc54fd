import { describe, expect, test } from 'vitest'
import { History, keyOf, replay, scriptOf } from './_history.ts'

/** A pool of miner 1 and of an account that is known by its name, with half of the work each. */
function withName(settings: ConstructorParameters<typeof History>[0] = {}): History {
  const history = new History({ feePpm: 0n, ...settings }).start(1)
  history.write({ kind: 'account', account: 2, name: 'bob', script: new Uint8Array(0) })
  history.share(1, 100)
  history.share(2, 100)
  history.tip()
  return history
}

/** Work of the window, in parts of 1,024 of a block. */
const parts = ({ ledger }: History) =>
  Object.fromEntries([...ledger.weights()].map(([key, score]) => [key, Math.round(Number(score) / 2 ** 30)]))

const HALF = 157_500_000n
const listed = (history: History) => history.distribution!.payouts.map(({ script }) => script)

describe('an account that is known by its name', () => {
  test('is owed its part while it has no address', () => {
    const history = withName()
    expect(listed(history)).toEqual([scriptOf(1)])
    history.chain(history.block(1), 6)
    expect(history.ledger.balance('name:bob')).toBe(HALF)
    expect(history.ledger.accounts.find('bob')).toBe('name:bob')
  })

  test('is paid what it is owed and what it earns, from when it has one', () => {
    const history = withName({ feePpm: 500_000n })
    history.chain(history.block(1), 6)
    const pending = history.block(1)
    history.address('bob', 2)
    history.tip()
    expect(history.ledger.balance(keyOf(2))).toBe(HALF / 2n)
    expect(history.ledger.balance('name:bob')).toBe(0n)
    // a block that was found before is confirmed afterwards
    history.chain(pending, 6)
    expect(history.ledger.balance(keyOf(2))).toBe(HALF)
    history.tip()
    expect(history.distribution!.payouts).toContainEqual({
      script: scriptOf(2),
      // 1 satoshi stays in the pool's own output
      weight: HALF / 2n + HALF - 1n,
      dustLimit: 294,
    })
    // its work of before is its own, and so is that to come
    history.share(2, 200)
    expect(parts(history)).toEqual({ [keyOf(1)]: 100, [keyOf(2)]: 300 })
    expect(history.ledger.accounts.find('bob')).toBe(keyOf(2))
    expect(replay(history.records, { feePpm: 500_000n }).state).toEqual(history.ledger.state)
  })

  test('is one with the account of its address', () => {
    const history = withName()
    history.address('bob', 1)
    expect(parts(history)).toEqual({ [keyOf(1)]: 200 })
  })

  test('has another address from when that was signed, and an older one changes nothing', () => {
    const history = withName()
    history.address('bob', 2, 7)
    history.address('bob', 3, 6)
    history.share(2, 10)
    expect(history.ledger.weights().get(keyOf(3))).toBeUndefined()
    history.address('bob', 3, 8)
    history.share(2, 10)
    expect(parts(history)).toEqual({ [keyOf(1)]: 100, [keyOf(2)]: 110, [keyOf(3)]: 10 })
  })

  test('is owed by fpps what its shares were worth before', () => {
    const history = new History({ feePpm: 0n, scheme: { scheme: 'fpps', feeBlocks: 0 } }).start(1)
    history.write({ kind: 'account', account: 2, name: 'bob', script: new Uint8Array(0) })
    history.share(2, 512)
    history.address('bob', 2)
    history.share(2, 512)
    expect(history.ledger.balances()).toContainEqual([keyOf(2), 314_999_999n])
  })
})
