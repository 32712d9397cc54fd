import { concatBytes, HEADER_SIZE, hex, readHeightPush, sha256, writeHeader } from '@sv2/bitcoin'
import { encodeShareTerms, type JournalRecord, type SharePlaces } from '@sv2/journal'
import { networkWorkOf, workOf } from '@sv2/roles/ledger'
import type { ProvenShare, RecordEffect } from '@sv2/roles/pool'

/** Names, or jobs, that have a number at one time. Then numbering begins anew: a later record gives a number to another. */
const MAX_NUMBERED = 100_000
/** Bytes of a name in a record, and digits of the hash behind one that was cut. */
const MAX_NAME_BYTES = 255
const NAME_HASH_DIGITS = 16
const LONE_SURROGATE = /\p{Surrogate}/u
/** Bytes of a stripped coinbase in front of its script: version, count, outpoint, length of the script. */
const SCRIPT_AT = 42

type Job = ProvenShare['job']
type Level = ProvenShare['level']

interface KnownJob {
  readonly number: number
  readonly rewardToPool: bigint
  readonly rewardTotal: bigint
  readonly distributionId: bigint
  /** What the records of its shares have in common, by the level they are credited at. */
  readonly terms: WeakMap<Level, Uint8Array>
}

/** A transaction of the operator's wallet that pays balances. */
export interface WalletPayment {
  /** Header byte order. */
  readonly txid: Uint8Array
  readonly paid: readonly { readonly name: string; readonly value: bigint }[]
}

/** What a record keeper is given. */
export interface RecordKeeperDeps {
  append(record: JournalRecord): void
  /** Its bytes are written anew for the next share. */
  appendShare(share: SharePlaces): void
  /** Output script of an account; empty when its name stands for none. */
  scriptOf(user: string): Uint8Array
  /** Unix ms. */
  now(): number
}

/** The numbers of one of several keepers of a journal: `first`, `first + step`, and so on; none of two is the same. */
export interface NumberSpace {
  readonly first: number
  readonly step: number
}

/** That of a journal with one keeper. */
const ALL_NUMBERS: NumberSpace = { first: 0, step: 1 }

/** Makes records of what a pool wants recorded: it numbers accounts, workers and jobs, and names them before they are used. */
export class RecordKeeper {
  readonly #deps: RecordKeeperDeps
  readonly #space: NumberSpace
  readonly #accounts = new Map<string, number>()
  readonly #workers = new Map<string, number>([['', 0]])
  #jobs = new WeakMap<Job, KnownJob>()
  #lastJob = 0
  readonly #header = new Uint8Array(HEADER_SIZE)
  #height = 0

  constructor(deps: RecordKeeperDeps, space: NumberSpace = ALL_NUMBERS) {
    this.#deps = deps
    this.#space = space
  }

  /** Appends what an effect asks for. */
  record(effect: RecordEffect): void {
    switch (effect.kind) {
      case 'recordShare':
        return this.#share(effect.share)
      case 'recordBlock':
        return this.#block(effect)
      case 'recordTip': {
        const { prevHash, nbits } = effect.tip
        this.#height = effect.height
        return this.#deps.append({ kind: 'tip', time: this.#now(), height: effect.height, prevHash, nbits })
      }
      default:
        throw new TypeError(`nothing to record: ${effect satisfies never}`)
    }
  }

  /** Appends a transaction of the operator's wallet, and what it paid to accounts by their names. */
  payment({ txid, paid }: WalletPayment): void {
    // numbering must not begin anew between the names and the record that uses them
    if (this.#accounts.size + paid.length > MAX_NUMBERED) this.#accounts.clear()
    const numbered = paid.map(({ name, value }) => ({ account: this.#account(name), value }))
    this.#deps.append({ kind: 'payment', time: this.#now(), txid, paid: numbered })
  }

  #share(share: ProvenShare): void {
    const job = this.#job(share.job)
    const account = this.#account(share.user)
    const worker = this.#worker(share.worker)
    this.#deps.appendShare({
      time: this.#now(),
      job: job.number,
      account,
      worker,
      terms: job.terms.get(share.level) ?? newTerms(job, share),
      header: this.#headerOf(share),
      extranonce: share.extranonce,
    })
  }

  #block({ share, hash }: Extract<RecordEffect, { kind: 'recordBlock' }>): void {
    const job = this.#job(share.job)
    const { coinbaseTxPrefix, coinbaseTxSuffix } = share.job
    this.#deps.append({
      kind: 'block',
      time: this.#now(),
      height: readHeightPush(coinbaseTxPrefix.subarray(SCRIPT_AT)) ?? this.#height,
      hash,
      account: this.#account(share.user),
      worker: this.#worker(share.worker),
      distributionId: job.distributionId,
      coinbase: concatBytes(coinbaseTxPrefix, share.extranonce, coinbaseTxSuffix),
      // kept until the disk takes it, while other headers are made
      header: this.#headerOf(share).slice(),
      source: 'share',
    })
  }

  #headerOf({ version, tip, merkleRoot, ntime, nonce }: ProvenShare): Uint8Array {
    const { prevHash, nbits } = tip
    writeHeader(this.#header, { version, prevHash, merkleRoot, ntime, nbits, nonce })
    return this.#header
  }

  #job(job: Job): KnownJob {
    const known = this.#jobs.get(job)
    if (known !== undefined) return known
    const { reward, rewardShare } = job
    const isOwn = rewardShare === undefined
    const made: KnownJob = {
      number: this.#nextJob(),
      rewardToPool: isOwn ? 0n : (reward?.toPool ?? 0n),
      // a job that pays nothing at all is still one that a miner brought
      rewardTotal: isOwn ? 0n : max(reward?.total ?? 0n, 1n),
      distributionId: reward?.distributionId ?? 0n,
      terms: new WeakMap(),
    }
    this.#jobs.set(job, made)
    this.#deps.append({
      kind: 'job',
      job: made.number,
      time: this.#now(),
      distributionId: made.distributionId,
      isOwn,
      value: reward?.total ?? 0n,
      coinbasePrefix: job.coinbaseTxPrefix,
      coinbaseSuffix: job.coinbaseTxSuffix,
      merklePath: job.merklePath,
    })
    return made
  }

  /** Numbers are 32 bits wide; when they are used up, they begin anew. */
  #nextJob(): number {
    this.#lastJob = (this.#lastJob % Math.floor(0xffff_ffff / this.#space.step - 1)) + 1
    return this.#placed(this.#lastJob)
  }

  /** The n-th number of ours, from 1 on. */
  #placed(n: number): number {
    return n * this.#space.step + this.#space.first
  }

  #account(user: string): number {
    const known = this.#accounts.get(user)
    if (known !== undefined) return known
    if (this.#accounts.size >= MAX_NUMBERED) this.#accounts.clear()
    const account = this.#placed(this.#accounts.size + 1)
    this.#accounts.set(user, account)
    this.#deps.append({ kind: 'account', account, name: fitting(user), script: this.#deps.scriptOf(user) })
    return account
  }

  #worker(name: string): number {
    const known = this.#workers.get(name)
    if (known !== undefined) return known
    if (this.#workers.size >= MAX_NUMBERED) {
      this.#workers.clear()
      this.#workers.set('', 0)
    }
    const worker = this.#placed(this.#workers.size)
    this.#workers.set(name, worker)
    this.#deps.append({ kind: 'worker', worker, name: fitting(name) })
    return worker
  }

  #now(): number {
    return Math.floor(this.#deps.now())
  }
}

/**
 * A name as a record holds it. A peer's bytes that are not UTF-8 come as lone surrogates (`decodeText`), which UTF-8 has no
 * bytes for, and 255 of them would take 765: such a name, and one that is too long, ends in a hash of all of it, by which it is
 * still told from others.
 */
function fitting(name: string): string {
  const bytes = new TextEncoder().encode(name)
  if (bytes.length <= MAX_NAME_BYTES && !LONE_SURROGATE.test(name)) return name
  let kept = ''
  let left = MAX_NAME_BYTES - 1 - NAME_HASH_DIGITS
  for (const character of name) {
    left -= new TextEncoder().encode(character).length
    if (left < 0) break
    kept += character
  }
  const units = Uint16Array.from({ length: name.length }, (_, at) => name.charCodeAt(at))
  return `${kept}~${hex(sha256(new Uint8Array(units.buffer))).slice(0, NAME_HASH_DIGITS)}`
}

function newTerms(job: KnownJob, { level, tip }: ProvenShare): Uint8Array {
  const terms = encodeShareTerms({
    ...job,
    work: workOf(level.target),
    networkWork: networkWorkOf(tip.nbits),
  })
  job.terms.set(level, terms)
  return terms
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}
