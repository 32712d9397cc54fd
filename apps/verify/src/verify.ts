import { readFileSync } from 'node:fs'
import { NETWORKS, type Network } from '@sv2/bitcoin'
import type { Booking } from '@sv2/roles/ledger'
import { type NodeRpc, nodeRpc } from '@sv2/runtime'
import { type Finding, Findings } from './findings.ts'
import { compareWithNode, OTHER_COINBASE } from './node-check.ts'
import type { PoolSource } from './pool-source.ts'
import { BROKEN_CHAIN, GAP, type ReadJournal, readJournal, UNSIGNED } from './read-journal.ts'
import { compareRemembered } from './remembered-roots.ts'
import { INFLATED, NO_TIP, TWICE, UNPROVEN } from './share-checks.ts'
import { NO_BLOCK, WRONG_SPLIT } from './split-checks.ts'

export const LEFT_OUT = 'Shares of yours are missing in the journal: the pool has left them out.'

/** What is to be verified. */
export interface VerifyOptions {
  readonly account: string
  /** Hash or height of one block; all blocks when missing. */
  readonly block?: string | undefined
  /** JSON-RPC address of the verifier's node, and its cookie file. */
  readonly node?: string | undefined
  readonly cookie?: string | undefined
  readonly sample: number
  /** File with header hashes of the account's shares, one a line. */
  readonly shares?: string | undefined
  /** File in which roots are remembered from run to run. */
  readonly state?: string | undefined
}

/** Checks the books of a pool, as far as one of its miners can. @param node the miner's own */
export async function verify(
  source: PoolSource,
  options: VerifyOptions,
  node: NodeRpc | undefined = nodeOf(options),
): Promise<readonly Finding[]> {
  const findings = new Findings()
  const told = await source.distribution()
  const network = networkOf(await source.network())
  const segments = await source.segments()
  if (segments.length === 0) throw new Error('the pool shows no journal')
  if (options.state !== undefined) compareRemembered(options.state, segments, findings)
  const journal = await readJournal(source, segments, { ...options, network, random: Math.random }, findings)
  if (told !== undefined) journal.splits.told(told)
  sayShares(journal, findings, segments.filter(({ root }) => root !== null).length)
  if (journal.removed > 0) sayRemoved(journal.removed, findings)
  sayOwn(journal, options, findings)
  const blocks = journal.blocks.filter(({ booking }) => isWanted(booking, options.block))
  if (journal.removed > 0) return findings.all()
  if (options.block !== undefined && blocks.length === 0)
    findings.broken('The block is not in the journal of the pool.', options.block)
  for (const { booking } of blocks) sayBlock(journal, booking, options, findings)
  if (findings.areAllWhole(WRONG_SPLIT, NO_BLOCK))
    findings.holds(
      `The coinbases of ${journal.splits.jobs} jobs and ${journal.blocks.length} blocks pay what the journal says they have to.`,
    )
  if (node === undefined)
    findings.note('Name your own node (--node, --cookie) to compare blocks with the chain.')
  else await compareWithNode(node, blocks, findings)
  return findings.all()
}

export {
  BROKEN_CHAIN,
  GAP,
  INFLATED,
  NO_BLOCK,
  NO_TIP,
  OTHER_COINBASE,
  TWICE,
  UNPROVEN,
  UNSIGNED,
  WRONG_SPLIT,
}

function sayShares({ records, shares }: ReadJournal, findings: Findings, closed: number): void {
  if (findings.areAllWhole(BROKEN_CHAIN, GAP))
    findings.holds(
      `${records} records, without a gap; ${closed} closed segments have the roots that the pool tells, each chained to the one before.`,
    )
  if (findings.areAllWhole(INFLATED, TWICE, NO_TIP))
    findings.holds(
      `Each of ${shares.shares} shares proves the work it is credited with, and is credited once.`,
    )
  if (findings.areAllWhole(UNPROVEN))
    findings.holds(`Of them ${shares.sampled}, drawn at random, are proven to belong to their job.`)
}

/** What follows from all of the journal is not told: balances, splits, and what blocks paid. */
function sayRemoved(removed: number, findings: Findings): void {
  findings.note(
    `The pool no longer keeps the records of its first ${removed} segments, and shows their roots only. Shares and blocks in them cannot be checked, and neither can splits and balances: they follow from the whole journal.`,
  )
}

function sayOwn(
  { own, ownWork, ledger, removed, shares: proofs }: ReadJournal,
  { account, shares }: VerifyOptions,
  findings: Findings,
): void {
  if (removed > 0) return sayMissing(proofs, shares, findings)
  findings.note(`${account} has ${own.size} shares in the journal, ${ownWork} hashes of work.`)
  const key = ledger.accounts.find(account)
  if (key === undefined) findings.note(`The journal does not know ${account}.`)
  else {
    const balance = ledger.balance(key)
    const expected = ledger.expected().get(key) ?? 0n
    findings.note(
      `By the journal, its balance is ${balance} sat, and a block found now would pay it about ${expected} sat.`,
    )
  }
  if (shares === undefined) return
  const mine = hashesIn(shares)
  for (const hash of mine) if (!own.has(hash)) findings.broken(LEFT_OUT, hash)
  if (findings.areAllWhole(LEFT_OUT))
    findings.holds(`All ${mine.length} shares of ${shares} are in the journal.`)
}

/** A share that is not there may stand in a segment that is not kept. */
function sayMissing(proofs: ReadJournal['shares'], shares: string | undefined, findings: Findings): void {
  if (shares === undefined) return
  const mine = hashesIn(shares)
  const missing = mine.filter((hash) => !proofs.has(hash)).length
  findings.note(
    `Of ${mine.length} shares of ${shares}, ${missing} are not in the segments that the pool still keeps.`,
  )
}

function hashesIn(file: string): string[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => line.trim().toLowerCase())
    .filter((line) => line !== '')
}

function sayBlock(
  { ledger }: ReadJournal,
  booking: Booking,
  { account }: VerifyOptions,
  findings: Findings,
): void {
  const key = ledger.accounts.find(account) ?? account
  const [earned, paid] = [booking.earned.get(key) ?? 0n, booking.paid.get(key) ?? 0n]
  findings.note(
    `Block ${booking.height} ${booking.hash}: ${account} earned ${earned} sat and was paid ${paid} sat of ${booking.total} sat; the fee is ${booking.fee} sat.`,
  )
}

function isWanted({ hash, height }: Booking, block: string | undefined): boolean {
  return block === undefined || block.toLowerCase() === hash || block === String(height)
}

function networkOf(name: string | null): Network {
  if (name !== null && Object.hasOwn(NETWORKS, name)) return name as Network
  throw new Error(`the pool names a network that is not known: ${name}`)
}

function nodeOf({ node, cookie }: VerifyOptions): NodeRpc | undefined {
  if (node === undefined) return undefined
  return nodeRpc({ url: node, cookieFile: cookie, user: undefined, password: undefined })
}
