import type { Line } from './read-journal.ts'
import { firstTerms, readTerms, type Terms } from './terms.ts'

/** Amounts by account. The key of an account is its output script in hex; `name:` and its name when it has none. */
type Amounts = Map<string, bigint>

/** What a distribution was made of. */
export interface CheckedDistribution {
  readonly id: bigint
  /** Scores of the window. */
  readonly scores: Amounts
  /** Weights of the outputs, the most important first. */
  readonly payouts: readonly (readonly [script: string, weight: bigint])[]
  /** The sum of all weights, that of the pool with them. */
  readonly value: bigint
}

/** A block, as it was booked. */
export interface CheckedBlock {
  /** As in the journal. */
  readonly hash: string
  readonly height: number
  readonly total: bigint
  readonly fee: bigint
  readonly paid: Amounts
  readonly earned: Amounts
  state: 'pending' | 'confirmed' | 'orphaned'
}

/** All that follows from a journal. */
export interface Checked {
  readonly distributions: readonly CheckedDistribution[]
  readonly blocks: readonly CheckedBlock[]
  /** Those that are not 0. */
  readonly balances: Amounts
}

const POOL = 'pool'
/** Stands in place of a distribution's id where a coinbase pays the account that mines it, less the fee. */
const ALONE = 2n ** 63n - 1n
const SCORE_OF_A_BLOCK = 2n ** 40n
const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000]
/** A block may be found this many tips after its distribution was made, or after the last job of it. */
const TIPS_KEPT = 3

/**
 * Reads a journal from its front to its back and computes what a pool that pays by pplns has to have done. Written from the
 * rules alone, with nothing of the ledger: the two have to agree to the satoshi.
 * @param initial terms until the journal names others; the first that it names when missing
 */
export function checkPplns(lines: readonly Line[], initial: Terms = firstTerms(lines)): Checked {
  let terms = initial
  const keys = new Map<number, string>()
  const accounts = new Set<string>()
  const shares: { time: number; account: string; work: bigint; networkWork: bigint }[] = []
  const distributions: CheckedDistribution[] = []
  const lastUse = new Map<bigint, number>()
  const forgotten = new Set<bigint>()
  const blocks: CheckedBlock[] = []
  const balances: Amounts = new Map()
  const payments = new Set<string>()
  const addresses = new Map<string, { readonly script: string; readonly signedAt: number }>()
  const keyOf = (account: number): string => {
    const key = keys.get(account)!
    return addresses.get(key)?.script ?? key
  }
  let newest = 0
  let height = 0
  let tips = 0
  let value = 0n
  let madeAt = Number.NEGATIVE_INFINITY
  let hasChanged = false

  const make = (time: number, isUrgent: boolean): void => {
    if (value === 0n || !hasChanged || (!isUrgent && time < madeAt + terms.refreshMs)) return
    madeAt = time
    hasChanged = false
    const scores = scoresAt(shares, newest, terms.window)
    const payouts = payoutsOf(scores, promised(balances, blocks), value, terms)
    const id = BigInt(distributions.length + 1)
    distributions.push({ id, scores, payouts, value })
    lastUse.set(id, tips)
  }
  const known = (id: bigint) => (forgotten.has(id) ? undefined : distributions[Number(id) - 1])

  for (const line of lines) {
    if (line.kind === 'account') {
      const key = line.script === '' ? `name:${line.name}` : line.script
      keys.set(line.account, key)
      accounts.add(keyOf(line.account))
    } else if (line.kind === 'share') {
      if (line.distributionId === ALONE) continue
      const subsidy = 5_000_000_000n >> BigInt(Math.floor(height / 210_000))
      shares.push({ ...line, account: keyOf(line.account), work: countedWork(line, subsidy) })
      newest = Math.max(newest, line.time)
      hasChanged = true
      make(line.time, false)
    } else if (line.kind === 'job') {
      if (known(line.distributionId) !== undefined) lastUse.set(line.distributionId, tips)
      if (line.isOwn) value = line.value
      make(line.time, false)
    } else if (line.kind === 'tip') {
      height = line.height
      tips++
      for (const [id, tip] of lastUse)
        if (tip + TIPS_KEPT < tips && id !== BigInt(distributions.length)) forgotten.add(id)
      hasChanged = true
      make(line.time, true)
    } else if (line.kind === 'block') {
      if (blocks.some(({ hash }) => hash === line.hash)) continue
      const finder = line.account === 0 ? undefined : keyOf(line.account)
      const fallback = () => scoresAt(shares, newest, terms.window)
      const unnamed = line.isFromChain && line.distributionId === 0n
      const given = unnamed
        ? distributions.find((one) => !forgotten.has(one.id) && isPaidBy(line, one, terms))
        : known(line.distributionId)
      const isAlone = unnamed
        ? given === undefined && paysOneAlone(line, accounts, terms)
        : line.distributionId === ALONE
      const named = isAlone ? { ...line, distributionId: ALONE } : line
      blocks.push(bookBlock(named, { finder, given, fallback, accounts }, terms))
      if (isAlone) continue
      hasChanged = true
      make(line.time, true)
    } else if (line.kind === 'chain') {
      const block = blocks.find(({ hash }) => hash === line.hash)
      if (block === undefined || !confirm(block, line.confirmations, balances, terms)) continue
      hasChanged = true
      make(line.time, false)
    } else if (line.kind === 'terms') {
      terms = readTerms(line.text)
      hasChanged = true
      make(line.time, true)
    } else if (line.kind === 'address') {
      const key = `name:${line.name}`
      if ((addresses.get(key)?.signedAt ?? -1) >= line.signedAt) continue
      const { script } = line
      addresses.set(key, line)
      // all that was the name's is the address's
      accounts.delete(key)
      accounts.add(script)
      for (const share of shares) if (share.account === key) share.account = script
      const amounts = [balances, ...distributions.map(({ scores }) => scores)]
      for (const of of [...amounts, ...blocks.flatMap(({ paid, earned }) => [paid, earned])])
        move(of, key, script)
      hasChanged = true
      make(line.time, false)
    } else if (line.kind === 'payment') {
      if (payments.has(line.txid)) continue
      payments.add(line.txid)
      for (const { account, value: paid } of line.paid) {
        add(balances, keyOf(account), -paid)
        add(balances, POOL, paid)
      }
      hasChanged = true
      make(line.time, false)
    }
  }
  return { distributions, blocks, balances: new Map([...balances].filter(([, amount]) => amount !== 0n)) }
}

/** One share is worth one block at most; on a miner's own job it counts for the part of the reward that the pool gets. */
function countedWork(share: Extract<Line, { kind: 'share' }>, subsidy: bigint): bigint {
  const { work, networkWork, rewardToPool, rewardTotal } = share
  const whole = rewardTotal > subsidy ? rewardTotal : subsidy
  const counted = rewardTotal === 0n || rewardToPool >= whole ? work : (work * rewardToPool) / whole
  return counted < networkWork ? counted : networkWork
}

/** Scores of the window that ends with the newest share: whole buckets of time from the newest on, and a part of the last. */
function scoresAt(
  shares: readonly { time: number; account: string; work: bigint; networkWork: bigint }[],
  newest: number,
  window: bigint,
): Amounts {
  const buckets = new Map<number, typeof shares>()
  for (const share of shares) {
    const start = share.time - (share.time % bucketLength(share.time, newest))
    buckets.set(start, [...(buckets.get(start) ?? []), share])
  }
  const scores: Amounts = new Map()
  let left = window
  const taken: (typeof shares)[number][] = []
  for (const start of [...buckets.keys()].sort((a, b) => b - a)) {
    const bucket = buckets.get(start)!
    const score = sum(scoresOf(bucket.map((share) => ({ ...share, account: POOL }))).values())
    if (score > left) {
      if (left > 0n) for (const [account, of] of scoresOf(bucket)) add(scores, account, (of * left) / score)
      break
    }
    left -= score
    taken.push(...bucket)
  }
  for (const [account, of] of scoresOf(taken)) add(scores, account, of)
  return new Map([...scores].filter(([, score]) => score > 0n))
}

/** Work is added up for each difficulty of the network, and rounded down one time for each. */
function scoresOf(
  shares: readonly { readonly account: string; readonly work: bigint; readonly networkWork: bigint }[],
): Amounts {
  const works = new Map<bigint, Amounts>()
  for (const { account, work, networkWork } of shares) {
    if (!works.has(networkWork)) works.set(networkWork, new Map())
    add(works.get(networkWork)!, account, work)
  }
  const scores: Amounts = new Map()
  for (const [networkWork, of] of works)
    for (const [account, work] of of) add(scores, account, (work * SCORE_OF_A_BLOCK) / networkWork)
  return scores
}

/** Minutes; hours when the hour ended two hours ago; days when the day ended three days ago. */
function bucketLength(time: number, newest: number): number {
  if (time - (time % DAY) + DAY + 3 * DAY <= newest) return DAY
  return time - (time % HOUR) + HOUR + 2 * HOUR <= newest ? HOUR : MINUTE
}

/** Balances that a coinbase may pay or keep back: those for good, less what blocks took that are not confirmed yet. */
function promised(balances: Amounts, blocks: readonly CheckedBlock[]): Amounts {
  const result = new Map(balances)
  for (const block of blocks)
    if (block.state === 'pending')
      for (const [account, change] of changesOf(block)) if (change < 0n) add(result, account, change)
  result.delete(POOL)
  return result
}

function payoutsOf(scores: Amounts, owed: Amounts, value: bigint, terms: Terms): [string, bigint][] {
  const least = terms.dustLimit > 1n ? terms.dustLimit : 1n
  const earned = split(value - feeOf(value, terms), scores)
  const wanted = new Map(earned)
  for (const [account, amount] of owed) if (amount !== 0n) add(wanted, account, amount)
  const listed = [...wanted]
    .filter(([key, amount]) => amount >= least && !key.startsWith('name:') && key !== terms.poolScript)
    .sort(([a, of], [b, other]) => (of !== other ? (of > other ? -1 : 1) : a < b ? -1 : 1))
    .slice(0, terms.maxPayouts)
  // each gets what it earned by this block, or less where it owes; what it is owed from before is paid by the pool
  const paid = listed.map(([key, amount]) => {
    const own = earned.get(key) ?? 0n
    return amount < own ? amount : own
  })
  let means = value - sum(paid) - 1n
  if (means < 0n) {
    const largest = paid.reduce((best, amount, at) => (amount > paid[best]! ? at : best), 0)
    paid[largest]! += means
    means = 0n
  }
  for (const [at, [, amount]] of listed.entries()) {
    const more = amount - paid[at]!
    const repaid = more <= 0n ? 0n : more < means ? more : means
    paid[at]! += repaid
    means -= repaid
  }
  return listed.map(([key], at): [string, bigint] => [key, paid[at]!]).filter(([, amount]) => amount >= least)
}

/** Whether a coinbase has the outputs of a distribution: the chain names none. */
function isPaidBy(
  { outputs }: Extract<Line, { kind: 'block' }>,
  { payouts, value }: CheckedDistribution,
  terms: Terms,
): boolean {
  const total = outputs.reduce((all, output) => all + output.value, 0n)
  const wanted: (readonly [string, bigint])[] = []
  let rest = total
  for (const [key, weight] of payouts) {
    const amount = (weight * total) / value
    if (amount < terms.dustLimit) continue
    rest -= amount
    if (amount > 0n) wanted.push([key, amount])
  }
  return [[terms.poolScript, rest] as const, ...wanted].every(
    ([script, amount], at) => outputs[at]?.script === script && outputs[at].value === amount,
  )
}

/** Whether a coinbase pays the fee to the pool, and all else to one account. */
function paysOneAlone(
  { outputs }: Extract<Line, { kind: 'block' }>,
  accounts: ReadonlySet<string>,
  terms: Terms,
): boolean {
  const [pool, miner, ...others] = outputs.filter(({ value }) => value > 0n)
  if (pool === undefined || miner === undefined || others.length > 0) return false
  return (
    pool.script === terms.poolScript &&
    pool.value === feeOf(pool.value + miner.value, terms) &&
    accounts.has(miner.script)
  )
}

function bookBlock(
  block: Extract<Line, { kind: 'block' }>,
  from: {
    readonly finder: string | undefined
    readonly given: CheckedDistribution | undefined
    readonly fallback: () => Amounts
    readonly accounts: ReadonlySet<string>
  },
  terms: Terms,
): CheckedBlock {
  const { finder, given } = from
  const paid: Amounts = new Map([[POOL, 0n]])
  let total = 0n
  let outside = 0n
  let place = 0
  for (const { value, script } of block.outputs) {
    total += value
    if (script === terms.poolScript) {
      add(paid, POOL, value)
      continue
    }
    const at = given === undefined ? -1 : given.payouts.findIndex(([key], n) => n >= place && key === script)
    const isMiner = given === undefined ? block.distributionId !== 0n && from.accounts.has(script) : at >= 0
    if (at >= 0) place = at + 1
    if (isMiner) {
      if (value > 0n) add(paid, script, value)
    } else outside += value
  }
  const { hash, height } = block
  const ours = total - outside
  const booked = { hash, height, total, paid, state: 'pending' as const }
  if (block.distributionId === ALONE) return { ...booked, fee: paid.get(POOL)!, earned: new Map(paid) }
  const fee = feeOf(ours, terms)
  const earned = split(ours - fee, given?.scores ?? from.fallback())
  if (earned.size === 0 && finder !== undefined) earned.set(finder, ours - fee)
  if (earned.size === 0) return { ...booked, fee: ours, earned: new Map([[POOL, ours]]) }
  return { ...booked, fee, earned: earned.set(POOL, fee) }
}

/** What the chain says of a block; true when its state changed. */
function confirm(block: CheckedBlock, confirmations: number, balances: Amounts, terms: Terms): boolean {
  const state =
    confirmations === 0 ? 'orphaned' : confirmations < terms.confirmations ? 'pending' : 'confirmed'
  if (state === block.state) return false
  const sign = state === 'confirmed' ? 1n : block.state === 'confirmed' ? -1n : 0n
  for (const [account, change] of changesOf(block)) add(balances, account, sign * change)
  block.state = state
  return true
}

function changesOf({ earned, paid }: CheckedBlock): Amounts {
  const changes = new Map(earned)
  for (const [account, amount] of paid) add(changes, account, -amount)
  return changes
}

/** Parts that add up: rounded down, then one satoshi more for those that lost most, by key where they lost the same. */
function split(amount: bigint, weights: Amounts): Amounts {
  const all = sum(weights.values())
  const parts: Amounts = new Map()
  const order = [...weights].filter(([, weight]) => weight > 0n)
  for (const [key, weight] of order) parts.set(key, (amount * weight) / all)
  order.sort(([a, weight], [b, other]) => {
    const [lost, otherLost] = [(amount * weight) % all, (amount * other) % all]
    return lost !== otherLost ? (lost > otherLost ? -1 : 1) : a < b ? -1 : 1
  })
  let rest = order.length === 0 ? 0n : amount - sum(parts.values())
  for (const [key] of order) if (rest-- > 0n) add(parts, key, 1n)
  return parts
}

function feeOf(amount: bigint, { feePpm }: Terms): bigint {
  return (amount * feePpm) / 1_000_000n
}

function add(amounts: Amounts, key: string, amount: bigint): void {
  amounts.set(key, (amounts.get(key) ?? 0n) + amount)
}

function move(amounts: Amounts, from: string, to: string): void {
  const moved = amounts.get(from)
  if (moved === undefined) return
  amounts.delete(from)
  add(amounts, to, moved)
}

function sum(amounts: Iterable<bigint>): bigint {
  let all = 0n
  for (const amount of amounts) all += amount
  return all
}
