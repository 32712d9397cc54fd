import {
  coinbaseRoots,
  concatBytes,
  equalBytes,
  HEADER_SIZE,
  meetsTarget,
  type Sha256d,
  writeHeader,
} from '@sv2/bitcoin'
import type { SubmitSharesExtended, SubmitSharesStandard } from '@sv2/messages'
import type { Millis } from '../../ground/role.ts'
import type { Channel, ChannelJob, Tally } from './channel.ts'
import { CreditedHashes } from './credited-hashes.ts'
import type { Level } from './difficulty.ts'
import { type Job, jobMerkleRoot, type Tip } from './job.ts'

/** Seconds a share's time may lie ahead of ours: the consensus limit for blocks (POOL-34, C-20). */
export const MAX_NTIME_AHEAD = 7200
/** Shares credited per channel and search space. A channel that finds more on one job has a target far too easy. */
export const MAX_CREDITED_PER_JOB = 65_536

/** Why a share is refused, in SRI's words (docs/wire.md §5). */
export type ShareErrorCode =
  | 'invalid-channel-id'
  | 'invalid-job-id'
  | 'stale-share'
  | 'duplicate-share'
  | 'difficulty-too-low'
  | 'bad-extranonce-size'
  | 'version-rolling-not-allowed'
  | 'invalid-non-rollable-version-bit'
  | 'invalid-share'
  | 'not-recorded'

export type Share = SubmitSharesStandard | SubmitSharesExtended

/** A good share, and the channel that it came over. */
export interface JudgedShare {
  readonly channel: Channel
  readonly share: Share
  readonly good: GoodShare
}

/** What a share turned out to be. */
export type Verdict = { readonly accepted: false; readonly code: ShareErrorCode } | GoodShare

/** A share that earns credit. */
export interface GoodShare {
  readonly accepted: true
  /** The level it is credited at. */
  readonly level: Level
  readonly job: Job
  /** Header hash as it comes out of SHA-256d; the caller may keep it. */
  readonly hash: Uint8Array
  /** Merkle root of its header; shared with other shares of one extranonce. */
  readonly merkleRoot: Uint8Array
  /** It is a block as well. */
  readonly isBlock: boolean
}

/**
 * Judges shares. Total: whatever a peer sends, the answer is a verdict. A block is taken even where the channel's target
 * is harder than the network's (a network that became easier): refusing it would throw the reward away. As a share it
 * earns nothing, or a channel would earn more than it works.
 *
 * A share is known again by 52 bits of its hash: the hash covers everything a duplicate would repeat, whatever job
 * id or field it came with, and a number takes a fifth of the memory of a string of the fields. Two honest shares of
 * one job share a key once in 2^52 / n² (n = 1,000 shares: one in four billion).
 */
export class ShareJudge {
  readonly #sha256d: Sha256d
  readonly #header = new Uint8Array(HEADER_SIZE)
  readonly #credited: CreditedHashes
  /** Merkle roots of shares that come next. */
  readonly #foreseen = new Map<Share, ForeseenRoot>()

  constructor(sha256d: Sha256d, credited = new CreditedHashes()) {
    this.#sha256d = sha256d
    this.#credited = credited
  }

  /**
   * Shares that are judged next: the merkle roots of those that roll their extranonces are computed for all shares of a job at
   * once. A verdict is the same without this.
   */
  foresee(shares: readonly { readonly channel: Channel; readonly share: SubmitSharesExtended }[]): void {
    this.#foreseen.clear()
    const byJob = new Map<
      Job,
      { readonly share: Share; readonly prefix: Uint8Array; readonly full: Uint8Array }[]
    >()
    let last: { readonly channel: Channel; readonly share: SubmitSharesExtended } | undefined
    for (const next of shares) {
      const { channel, share } = next
      const job = channel.live(share.jobId)
      if (job?.tip === undefined || share.extranonce.length !== channel.extranonceSize) continue
      const { root } = channel.job(job)
      if (root?.job === job && equalBytes(root.rolled, share.extranonce)) continue
      if (last?.channel === channel && equalBytes(last.share.extranonce, share.extranonce)) continue
      last = next
      const prefix = prefixOf(channel, job)
      const group = byJob.get(job) ?? []
      if (group.length === 0) byJob.set(job, group)
      group.push({ share, prefix, full: concatBytes(prefix, share.extranonce) })
    }
    for (const [job, group] of byJob) {
      const [first] = group
      if (group.length < 2 || group.some(({ full }) => full.length !== first?.full.length)) continue
      const roots = coinbaseRoots(
        job,
        group.map(({ full }) => full),
        this.#sha256d,
      )
      for (const [n, { share, prefix }] of group.entries())
        this.#foreseen.set(share, { job, prefix, merkleRoot: roots[n]! })
    }
  }

  judge(channel: Channel, share: Share, now: Millis): Verdict {
    const job = channel.live(share.jobId)
    if (job === undefined)
      return refused(channel.state(share.jobId) === 'stale' ? 'stale-share' : 'invalid-job-id')
    const { tip } = job
    if (tip === undefined) return refused('invalid-job-id')
    if (share.type === 'SubmitSharesExtended') {
      if (share.extranonce.length !== channel.extranonceSize) return refused('bad-extranonce-size')
    } else if (channel.kind === 'extended') return refused('bad-extranonce-size')
    if (share.version !== job.version) {
      if (!job.versionRollingAllowed) return refused('version-rolling-not-allowed')
      if (((share.version ^ job.version) & ~channel.versionMask) !== 0)
        return refused('invalid-non-rollable-version-bit')
    }
    // The tip's own time counts too: a host that was suspended, or booted with a wrong clock, must not refuse all.
    const latest = Math.max(now / 1000, tip.latestFrom ?? tip.minNtime) + MAX_NTIME_AHEAD
    if (share.ntime < tip.minNtime || share.ntime > latest) return refused('invalid-share')

    const memory = channel.job(job)
    const merkleRoot = this.#merkleRoot(channel, job, share, memory)
    writeHeader(this.#header, {
      version: share.version,
      prevHash: tip.prevHash,
      merkleRoot,
      ntime: share.ntime,
      nbits: tip.nbits,
      nonce: share.nonce,
    })
    const hash = this.#sha256d(this.#header)
    const isBlock = meetsTarget(hash, tip.networkTarget)
    const level = creditedLevel(channel, job, hash) ?? (isBlock ? NO_CREDIT : undefined)
    if (level === undefined) return refused('difficulty-too-low')
    const key = shareKey(hash)
    const known = this.#remember(tip, key, memory.tally)
    if (known === 'known') return refused('duplicate-share')
    if (known === 'new') return { accepted: true, level, job, hash, merkleRoot, isBlock }
    // whether it was paid is not known: it is not paid again, and a block is not lost
    if (!isBlock) return refused('invalid-share')
    return { accepted: true, level: NO_CREDIT, job, hash, merkleRoot, isBlock }
  }

  #remember(tip: Tip, key: number, tally: Tally): 'new' | 'known' | 'full' {
    if (tally.credited >= MAX_CREDITED_PER_JOB) return this.#credited.has(tip, key) ? 'known' : 'full'
    const known = this.#credited.add(tip, key)
    if (known === 'new') tally.credited++
    return known
  }

  /**
   * That of the share before where nothing else was rolled: a device that rolls versions keeps its extranonce for 2^48
   * hashes, and a root of twelve levels is half of what an extended share costs.
   */
  #merkleRoot(channel: Channel, job: Job, share: Share, memory: ChannelJob): Uint8Array {
    const rolled =
      share.type === 'SubmitSharesExtended' && channel.kind === 'extended' ? share.extranonce : NONE
    const { root } = memory
    if (root?.job === job && equalBytes(root.rolled, rolled)) return root.merkleRoot
    const foreseen = this.#foreseen.get(share)
    const merkleRoot =
      foreseen?.job === job && foreseen.prefix === prefixOf(channel, job)
        ? foreseen.merkleRoot
        : jobMerkleRoot(job, fullExtranonce(channel, job, share), this.#sha256d)
    memory.root = { job, rolled: rolled.length === 0 ? NONE : new Uint8Array(rolled), merkleRoot }
    return merkleRoot
  }
}

/** A merkle root, and what it was computed of beside the share. */
interface ForeseenRoot {
  readonly job: Job
  readonly prefix: Uint8Array
  readonly merkleRoot: Uint8Array
}

/** Prefix and rolled part, as they stand in the coinbase of this share. */
export function fullExtranonce(channel: Channel, job: Job, share: Share): Uint8Array {
  const prefix = prefixOf(channel, job)
  return share.type === 'SubmitSharesExtended' ? concatBytes(prefix, share.extranonce) : prefix
}

/** The prefix a live job was given with. */
function prefixOf(channel: Channel, job: Job): Uint8Array {
  const prefix = channel.prefixAt(job.order)
  if (prefix === undefined) throw new RangeError('a live job whose prefix is forgotten')
  return prefix
}

/**
 * The level a share earns; undefined when it earns nothing. A job has one level on a channel, the one it was given
 * with, whatever was asked for since: what a client may choose once it knows its hashes pays for the best of them.
 *
 * A future job has two, that of its sending and that of its tip (POOL-46), and a peer that knew of the tip first may
 * have chosen the second: the hash has to meet the harder one, and earns the easier.
 */
function creditedLevel(channel: Channel, job: Job, hash: Uint8Array): Level | undefined {
  const sent = channel.levelAt(job.order)
  const active = channel.levelAt(job.activeSince)
  if (sent === undefined || active === undefined) return undefined
  if (!meetsTarget(hash, sent.target) || (active !== sent && !meetsTarget(hash, active.target)))
    return undefined
  return active.difficulty < sent.difficulty ? active : sent
}

/** Nothing is rolled. */
const NONE = new Uint8Array(0)

/** What a block earns whose hash is below the level of its job: it is passed on, and was not asked for. */
const NO_CREDIT: Level = { difficulty: 0, target: new Uint8Array(32) }

/** 52 bits from the low, evenly spread end of a hash; never 0. */
function shareKey(hash: Uint8Array): number {
  const low = hash[0]! | (hash[1]! << 8) | (hash[2]! << 16) | (hash[3]! << 24)
  const high = hash[4]! | (hash[5]! << 8) | ((hash[6]! & 0x0f) << 16)
  return (low >>> 0) + high * 2 ** 32 || 1
}

function refused(code: ShareErrorCode): Verdict {
  return { accepted: false, code }
}
