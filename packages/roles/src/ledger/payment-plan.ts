import { equalBytes, type SpentOutput, signedVsize, type TxOutput, unhex } from '@sv2/bitcoin'
import { type AccountKey, compare } from './split-exactly.ts'

/** What a transaction is to be made of that pays balances. */
export interface PaymentRequest {
  /** Satoshi that may be paid to each account; those of 0 and below are left out. */
  readonly balances: ReadonlyMap<AccountKey, bigint>
  /** Outputs of the pool that may be spent. */
  readonly outputs: readonly SpentOutput[]
  /** Spend all of them; otherwise the largest, as many as it takes. */
  readonly spendsAll: boolean
  /** Balances of less than this stay, satoshi; never less than dust. */
  readonly least: bigint
  /** Less than this is no output, satoshi. */
  readonly dustLimit: bigint
  /** Thousandths of a satoshi for each virtual byte. */
  readonly feeRate: bigint
  /** Gets the change. */
  readonly poolScript: Uint8Array
}

/** A transaction that pays balances, before it is signed. */
export interface PaymentPlan {
  readonly inputs: readonly SpentOutput[]
  /** Payments, the largest first, and the change behind them where there is some. */
  readonly outputs: readonly TxOutput[]
  readonly payments: readonly { readonly account: AccountKey; readonly value: bigint }[]
  /** Balances that stay. */
  readonly left: readonly {
    readonly account: AccountKey
    readonly value: bigint
    readonly reason: 'too little' | 'no address'
  }[]
  /** Satoshi. */
  readonly change: bigint
  readonly fee: bigint
}

/** Plans the transaction; a text says why there is none. The pool pays the fee: accounts get their whole balance. */
export function planPayment(request: PaymentRequest): PaymentPlan | string {
  const { balances, outputs, spendsAll, poolScript, dustLimit, feeRate } = request
  const [least = dustLimit] = [request.least, dustLimit].sort((a, b) => compare(b, a))
  const owed = [...balances]
    .filter(([, value]) => value > 0n)
    .sort(([a, value], [b, other]) => compare(other, value) || compare(a, b))
  const payments: { account: AccountKey; value: bigint }[] = []
  const left: PaymentPlan['left'][number][] = []
  for (const [account, value] of owed) {
    // the pool's own address: what it is owed lies there
    if (account.startsWith('name:') || equalBytes(unhex(account), poolScript))
      left.push({ account, value, reason: 'no address' })
    else if (value < least) left.push({ account, value, reason: 'too little' })
    else payments.push({ account, value })
  }
  if (payments.length === 0) return `no balance of ${least} sat or more can be paid`
  const paid = payments.map(({ account, value }): TxOutput => ({ value, script: unhex(account) }))
  const needed = sumOf(paid)
  const feeFor = (inputs: readonly TxOutput[], made: readonly TxOutput[]) =>
    (BigInt(signedVsize(inputs, made)) * feeRate + 999n) / 1000n
  const sorted = [...outputs].sort((a, b) => compare(b.value, a.value))
  const inputs: SpentOutput[] = spendsAll ? sorted : []
  const rest = spendsAll ? [] : sorted
  while (sumOf(inputs) < needed + feeFor(inputs, paid)) {
    const next = rest.shift()
    if (next === undefined)
      return `${payments.length} payments take ${needed + feeFor(inputs, paid)} sat with the fee, and the outputs that may be spent have ${sumOf(inputs)} sat`
    inputs.push(next)
  }
  const withChange = [...paid, { value: 0n, script: poolScript }]
  const change = sumOf(inputs) - needed - feeFor(inputs, withChange)
  const made = change >= dustLimit ? [...paid, { value: change, script: poolScript }] : paid
  return {
    inputs,
    outputs: made,
    payments,
    left,
    change: change >= dustLimit ? change : 0n,
    fee: sumOf(inputs) - sumOf(made),
  }
}

function sumOf(outputs: readonly TxOutput[]): bigint {
  return outputs.reduce((sum, { value }) => sum + value, 0n)
}
