import { POOL, type SchemeSettings } from '@sv2/roles/ledger'
import { SOLO_PAYOUT } from '@sv2/roles/payouts'
import { describe, expect, test } from 'vitest'
import { History, keyOf } from './_history.ts'

const SCHEMES: readonly SchemeSettings[] = [
  { scheme: 'pplns', window: 8n << 40n },
  { scheme: 'slice', window: 8n << 40n },
  { scheme: 'round' },
  { scheme: 'fpps', feeBlocks: 0 },
  { scheme: 'group', parts: new Map([[keyOf(1), 1n]]) },
]

describe.each(SCHEMES)('beside $scheme, a miner behind a solo door', (scheme) => {
  const aHistory = () => {
    const history = new History({ scheme }).start(3)
    history.share(1, 600)
    history.share(2, 400)
    history.tip()
    return history
  }

  test('earns nothing of other miners’ blocks', () => {
    const history = aHistory()
    const { state } = history.ledger
    history.soloShare(3, 3_000)
    expect({ ...history.ledger.state, cursors: [] }).toEqual({ ...state, cursors: [] })
  })

  test('is paid a whole block but the fee, and nobody’s weight or balance changes', () => {
    const history = aHistory()
    const before = { weights: history.ledger.weights(), balances: history.ledger.balances() }
    const made = history.distribution
    history.chain(history.soloBlock(3), 6)
    const [block] = history.ledger.blocks()
    expect(block).toMatchObject({
      state: 'confirmed',
      booking: { finder: keyOf(3), distributionId: SOLO_PAYOUT, fee: 6_300_000n, outside: 0n },
    })
    expect(block!.booking.paid).toEqual(
      new Map([
        [POOL, 6_300_000n],
        [keyOf(3), 308_700_000n],
      ]),
    )
    expect(block!.booking.earned).toEqual(block!.booking.paid)
    expect({ weights: history.ledger.weights(), balances: history.ledger.balances() }).toEqual(before)
    // jobs by the present distribution stay
    expect(history.distribution).toBe(made)
  })

  test('is known by the outputs of a block that only the chain told of', () => {
    const history = aHistory()
    history.soloBlock(3, 'chain')
    const [block] = history.ledger.blocks()
    expect(block!.booking).toMatchObject({ distributionId: SOLO_PAYOUT, fee: 6_300_000n })
    expect(block!.booking.earned.get(keyOf(3))).toBe(308_700_000n)
  })
})
