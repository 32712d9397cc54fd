import {
  coinbaseTxid,
  decodeHeader,
  displayHash,
  equalBytes,
  headerHash,
  hex,
  merkleRootFromPath,
} from '@sv2/bitcoin'
import type { JobRecord, ShareRecord, TipRecord } from '@sv2/journal'
import { networkWorkOf } from '@sv2/roles/ledger'
import type { Findings } from './findings.ts'

export const INFLATED =
  'The pool counts more work than was done: shares are credited that their hash does not prove.'
export const TWICE = 'The pool counts work twice: one hash is credited more than once.'
export const UNPROVEN =
  'Shares do not belong to the job they are credited for: their work paid somebody else.'
export const NO_TIP = 'Shares do not build on the tip that the pool was working on.'

/** Hashes that are remembered to find one that is credited twice. */
const MOST_HASHES = 10_000_000
const HASHES = 1n << 256n

/** Checks each share: that its hash proves the work it is credited with, and that it comes once. */
export class ShareChecks {
  readonly #findings: Findings
  readonly #jobs = new Map<number, JobRecord>()
  /** nbits, by previous hash. */
  readonly #tips = new Map<string, number>()
  readonly #seen = new Set<string>()
  readonly #isSampled: () => boolean
  shares = 0
  sampled = 0

  constructor(findings: Findings, isSampled: () => boolean) {
    this.#findings = findings
    this.#isSampled = isSampled
  }

  /** A share with this header hash stands in the journal. @param hash display order, hex */
  has(hash: string): boolean {
    return this.#seen.has(hash.slice(-24))
  }

  job(job: JobRecord): void {
    this.#jobs.set(job.job, job)
  }

  tip({ prevHash, nbits }: TipRecord): void {
    this.#tips.set(hex(prevHash), nbits)
  }

  /**
   * Answers the hash of its header, display order, and the job whose coinbase was looked at.
   * @param known `some`: jobs and tips from before may be missing, and that is no fault
   */
  share(
    share: ShareRecord,
    sequence: number,
    known: 'all' | 'some' = 'all',
  ): { readonly hash: string; readonly job: JobRecord | undefined } {
    this.shares++
    const name = `share ${sequence}`
    const { prevHash, nbits } = decodeHeader(share.header)
    const wire = headerHash(share.header)
    const hash = displayHash(wire)
    const enough = (BigInt(`0x${hash}`) + 1n) * share.work <= HASHES
    if (!enough)
      this.#findings.broken(INFLATED, `${name}: its hash ${hash} does not prove ${share.work} hashes`)
    if (share.networkWork !== networkWorkOf(nbits))
      this.#findings.broken(
        INFLATED,
        `${name}: a block takes ${networkWorkOf(nbits)} hashes, and ${share.networkWork} are booked`,
      )
    const tip = this.#tips.get(hex(prevHash))
    if (tip !== nbits && (known === 'all' || tip !== undefined))
      this.#findings.broken(NO_TIP, `${name}: it builds on ${displayHash(prevHash)}`)
    const key = hash.slice(-24)
    if (this.#seen.has(key)) this.#findings.broken(TWICE, `${name}: ${hash}`)
    else if (this.#seen.size < MOST_HASHES) this.#seen.add(key)
    return {
      hash,
      job: this.#isProvable(share, known) && this.#isSampled() ? this.#prove(share, name) : undefined,
    }
  }

  #isProvable({ job }: ShareRecord, known: 'all' | 'some'): boolean {
    return known === 'all' || this.#jobs.has(job)
  }

  /** The coinbase of the job is in the header. */
  #prove(share: ShareRecord, name: string): JobRecord | undefined {
    this.sampled++
    const job = this.#jobs.get(share.job)
    if (job === undefined) {
      this.#findings.broken(UNPROVEN, `${name}: the journal has no job ${share.job}`)
      return undefined
    }
    const txid = coinbaseTxid(job.coinbasePrefix, share.extranonce, job.coinbaseSuffix)
    if (!equalBytes(merkleRootFromPath(txid, job.merklePath), decodeHeader(share.header).merkleRoot))
      this.#findings.broken(UNPROVEN, `${name}: the coinbase of job ${share.job} is not in its header`)
    if (job.distributionId !== share.distributionId)
      this.#findings.broken(
        UNPROVEN,
        `${name}: its job follows distribution ${job.distributionId}, and ${share.distributionId} is booked`,
      )
    return job
  }
}
