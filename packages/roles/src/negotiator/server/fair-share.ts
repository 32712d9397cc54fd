/** Whose something is. */
export interface JobHolder {
  /** Whose limits a connection counts against; undefined where none hold per address. */
  readonly address: string | undefined
  /** Of the token, hex. */
  readonly account: string
  readonly connection: number | undefined
}

/**
 * The one that has to go when there are too many: of the address that holds most, there of the account, there of the
 * connection, the first. So no client is pushed out by clients that hold more, however many they are.
 * @param weigh what each counts for; one when missing
 */
export function firstOfMost<T>(
  held: readonly T[],
  holder: (each: T) => JobHolder,
  weigh: (each: T) => number = () => 1,
): T | undefined {
  let rest = held
  for (const level of ['address', 'account', 'connection'] as const) {
    const sums = new Map<unknown, number>()
    for (const each of rest) {
      const key = holder(each)[level]
      sums.set(key, (sums.get(key) ?? 0) + weigh(each))
    }
    let most: unknown
    let sum = Number.NEGATIVE_INFINITY
    for (const [key, value] of sums) if (value > sum) [most, sum] = [key, value]
    rest = rest.filter((each) => holder(each)[level] === most)
  }
  return rest[0]
}
