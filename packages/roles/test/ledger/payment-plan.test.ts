import { type SpentOutput, signedVsize } from '@sv2/bitcoin'
import { type PaymentPlan, type PaymentRequest, planPayment } from '@sv2/roles/ledger'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { keyOf, POOL_SCRIPT, scriptOf } from './_history.ts'

const coin = (value: bigint, vout = 0): SpentOutput => ({
  txid: new Uint8Array(32).fill(vout),
  vout,
  value,
  script: POOL_SCRIPT,
})

const REQUEST: PaymentRequest = {
  balances: new Map([
    [keyOf(1), 50_000n],
    [keyOf(2), 900n],
    [keyOf(3), -7_000n],
    [keyOf(4), 300_000n],
    ['name:bob', 80_000n],
  ]),
  outputs: [coin(200_000n, 1), coin(1_000_000n, 2), coin(100_000n, 3)],
  spendsAll: false,
  least: 1_000n,
  dustLimit: 546n,
  feeRate: 2_500n,
  poolScript: POOL_SCRIPT,
}

function planned(change: Partial<PaymentRequest> = {}): PaymentPlan {
  const plan = planPayment({ ...REQUEST, ...change })
  if (typeof plan === 'string') throw new Error(plan)
  return plan
}

const sum = (of: readonly { readonly value: bigint }[]) => of.reduce((all, { value }) => all + value, 0n)

describe('a payment of balances', () => {
  test('pays each that is large enough in full, the largest first; the rest of the coin is the pool’s', () => {
    const plan = planned()
    expect(plan.outputs.slice(0, 2)).toEqual([
      { value: 300_000n, script: scriptOf(4) },
      { value: 50_000n, script: scriptOf(1) },
    ])
    expect(plan.inputs).toEqual([coin(1_000_000n, 2)])
    expect(plan.outputs.at(-1)).toEqual({ value: plan.change, script: POOL_SCRIPT })
    expect(plan.fee).toBe(BigInt(Math.ceil(signedVsize(plan.inputs, plan.outputs) * 2.5)))
    expect(1_000_000n - 350_000n - plan.fee).toBe(plan.change)
  })

  test('leaves what is too little, and what has no address', () => {
    expect(planned().left).toEqual([
      { account: 'name:bob', value: 80_000n, reason: 'no address' },
      { account: keyOf(2), value: 900n, reason: 'too little' },
    ])
    // dust stays however low the threshold is
    expect(planned({ least: 0n, dustLimit: 901n }).left).toContainEqual({
      account: keyOf(2),
      value: 900n,
      reason: 'too little',
    })
  })

  test('spends every output that was named', () => {
    expect(sum(planned({ spendsAll: true }).inputs)).toBe(1_300_000n)
  })

  test('says what is missing', () => {
    expect(planPayment({ ...REQUEST, outputs: [coin(300_000n)] })).toMatch(
      /^2 payments take 35\d{4} sat with the fee, and the outputs that may be spent have 300000 sat$/,
    )
    expect(planPayment({ ...REQUEST, least: 1_000_000n })).toMatch(/no balance of 1000000 sat or more/)
  })

  test('change that is dust goes to the miners of the transaction', () => {
    const exact = planned({ outputs: [coin(351_000n)] })
    expect(exact.change).toBe(0n)
    expect(exact.outputs).toHaveLength(2)
    expect(exact.fee).toBe(1_000n)
  })

  test('whatever is owed, inputs are payments, change and a fee that suffices', () => {
    const anyRequest = fc.record({
      balances: fc
        .array(fc.bigInt({ min: -10_000n, max: 10_000_000n }), { maxLength: 40 })
        .map((values) => new Map(values.map((value, n) => [keyOf(n), value]))),
      outputs: fc
        .array(fc.bigInt({ min: 1n, max: 50_000_000n }), { maxLength: 12 })
        .map((values) => values.map(coin)),
      spendsAll: fc.boolean(),
      feeRate: fc.bigInt({ min: 1_000n, max: 200_000n }),
      least: fc.bigInt({ min: 0n, max: 100_000n }),
    })
    fc.assert(
      fc.property(anyRequest, (change) => {
        const plan = planPayment({ ...REQUEST, ...change })
        if (typeof plan === 'string') return
        expect(sum(plan.inputs)).toBe(sum(plan.outputs) + plan.fee)
        expect(plan.fee * 1000n).toBeGreaterThanOrEqual(
          BigInt(signedVsize(plan.inputs, plan.outputs)) * change.feeRate,
        )
        for (const { value } of plan.outputs) expect(value).toBeGreaterThanOrEqual(546n)
        for (const { account, value } of plan.payments) expect(value).toBe(change.balances.get(account))
      }),
    )
  })
})
