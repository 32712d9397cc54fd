/** An account of the ledger: its output script in hex, or `name:` and its name while it has none. */
export type AccountKey = string

/**
 * Splits an amount by weights so that the parts add up: each gets its part rounded down, and what is left goes by one
 * satoshi to those that lost most by rounding, by their keys where they lost the same. The order of the map does not matter.
 * Nothing is split where there are no weights.
 */
export function splitExactly(
  amount: bigint,
  weights: ReadonlyMap<AccountKey, bigint>,
): Map<AccountKey, bigint> {
  let sum = 0n
  for (const weight of weights.values()) sum += weight
  const parts = new Map<AccountKey, bigint>()
  if (sum === 0n) return parts
  let rest = amount
  const lost: { readonly key: AccountKey; readonly remainder: bigint }[] = []
  for (const [key, weight] of weights) {
    if (weight === 0n) continue
    const part = (amount * weight) / sum
    rest -= part
    parts.set(key, part)
    lost.push({ key, remainder: (amount * weight) % sum })
  }
  lost.sort((a, b) => compare(b.remainder, a.remainder) || compare(a.key, b.key))
  for (const { key } of lost) {
    if (rest === 0n) break
    parts.set(key, parts.get(key)! + 1n)
    rest--
  }
  return parts
}

/** Amounts in which one account goes by another key. */
export function renamed(
  amounts: ReadonlyMap<AccountKey, bigint>,
  from: AccountKey,
  to: AccountKey,
): Map<AccountKey, bigint> {
  const result = new Map(amounts)
  const moved = result.get(from)
  if (moved === undefined) return result
  result.delete(from)
  return result.set(to, (result.get(to) ?? 0n) + moved)
}

/** Order of two values of one type, as `sort` wants it. */
export function compare<T extends bigint | string | number>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0
}
