import { BitcoinError, equalBytes, hex, parseCountedOutputs, type TxOutput } from '@sv2/bitcoin'
import type { NewTemplate, PushSolution, SetCustomMiningJob } from '@sv2/messages'
import { breach, commitTo, type JobCommitment } from '../custom-jobs/commitment.ts'
import {
  type CustomCoinbase,
  customOutputs,
  cutCoinbase,
  missingOutputs,
  valueTo,
} from '../custom-jobs/custom-coinbase.ts'
import { accountKey, type MiningJobToken, openToken, type TokenMac } from '../custom-jobs/token.ts'
import type { Millis } from '../ground/role.ts'
import type { Channel } from '../mining/channel/channel.ts'
import type { JobReward, Tip } from '../mining/channel/job.ts'
import { fullExtranonce, type GoodShare, MAX_NTIME_AHEAD, type Share } from '../mining/channel/judge.ts'
import type { CustomJob, CustomJobRequest } from '../mining/miners/work-source.ts'
import { DistributionBook } from '../payouts/distribution-book.ts'
import { UncheckedTrust } from './unchecked-trust.ts'
import { type TokenWitnesses, type UsedToken, UsedTokens } from './used-tokens.ts'

/** How a pool takes jobs that miners bring. */
export interface CustomWorkSettings {
  /** Tokens that are remembered as used, at one time. */
  readonly maxUsedTokens: number
  /**
   * Difficulty of all shares that are credited on jobs whose transactions were not checked, until blocks prove them;
   * 0: no such job is taken.
   */
  readonly uncheckedTrust: number
  /** Servers that are told of blocks on such jobs, as their first message names them. */
  readonly negotiators: readonly { readonly host: string; readonly port: number }[]
}

/** What decides on jobs that miners bring. */
export interface CustomWorkDeps extends TokenWitnesses {
  readonly mac: TokenMac
}

/** What a custom job may build on, and how the pool makes jobs. */
export interface PresentWork {
  readonly tip: Tip | undefined
  readonly template: NewTemplate | undefined
  readonly versionRollingAllowed: boolean
  readonly nextJobId: () => number
}

/** How many superseded tips are remembered. */
const MAX_FORMER_TIPS = 64
/** Seconds that the time of a client's template may lie before ours: two nodes hear of a block at two moments. */
const CLOCKS_APART = 60
/** Bytes of a part of the coinbase that fit into a message. */
const MAX_PART_SIZE = 0xffff
/** Satoshi there can ever be. */
const MAX_MONEY = 21_000_000n * 100_000_000n
/** OP_1 … OP_16 push a number; they come after this one. */
const OP_1_BEFORE = 0x50
/** A job whose extranonce is not that of the channel; no other list of codes has one for it. */
const WRONG_EXTRANONCE_SIZE = 'invalid-job-param-value-extranonce_size'

type Refused = { readonly code: string }

/** Decides on jobs that miners bring: whether the token stands for them, and whether the pool is paid by them. */
export class CustomWork {
  readonly #mac: TokenMac
  readonly #used: UsedTokens
  readonly #formerTips = new Set<string>()
  /** Distributions that jobs of clients with extension 0x0003 may follow. */
  readonly distributions = new DistributionBook()
  /** What is credited on jobs that were not checked. */
  readonly trust: UncheckedTrust

  constructor(settings: CustomWorkSettings, deps: CustomWorkDeps) {
    this.#mac = deps.mac
    this.#used = new UsedTokens(settings.maxUsedTokens, deps)
    this.trust = new UncheckedTrust(settings.uncheckedTrust)
  }

  /** A token stands for a job, as another process of the pool may have it. */
  tokenTaken(token: UsedToken): void {
    this.#used.take(token)
  }

  /** A tip is replaced. */
  retire(tip: Tip): void {
    this.#formerTips.add(hex(tip.prevHash))
    if (this.#formerTips.size > MAX_FORMER_TIPS)
      this.#formerTips.delete(this.#formerTips.values().next().value!)
  }

  /** Takes a job, or says by which code it is refused; `later` when its tip may be one the pool will hear of, or its token is asked after. */
  take(request: CustomJobRequest, present: PresentWork, now: Millis): CustomJob | Refused | 'later' {
    const { job, channels } = request
    const token = this.#tokenFor(request, now)
    if ('code' in token) return token
    const tip = this.#tipFor(job, present.tip, now)
    if (tip === 'later' || 'code' in tip) return tip
    const isChecked = token.commitment !== undefined
    if (!isChecked && !this.trust.allows(channels[0]!.user)) return { code: 'job-not-yet-validated' }
    const coinbase = coinbaseOf(job, token)
    if ('code' in coinbase) return coinbase
    const follows = token.distributionId === undefined ? undefined : followed(job, token)
    const code =
      fault(request, { token, coinbase, template: present.template }) ??
      (token.distributionId === undefined ? undefined : this.distributions.fault(follows, coinbase.outputs))
    if (code !== undefined) return { code }
    const cut = cutFor(coinbase, channels[0]!)
    if ('code' in cut) return cut
    const made = commitTo({ ...job, coinbase })
    const broken = token.commitment === undefined ? undefined : breach(token.commitment, made)
    if (broken !== undefined) return { code: broken }
    const content = searchSpace(made)
    // a token that nothing was checked for may come again with its job: there are clients that send it for each miner
    const reward = rewardOf(token, coinbase.outputs, follows)
    const standing = isChecked ? undefined : standingJob(request, content)
    const use = { job: `${made.version}/${content}`, channels, repeats: standing !== undefined }
    const misuse = this.#used.use(token, use, now)
    if (misuse === 'later') return misuse
    if (misuse !== undefined) return { code: misuse }
    return {
      jobId: standing ?? present.nextJobId(),
      version: job.version,
      versionRollingAllowed: present.versionRollingAllowed,
      merklePath: job.merklePath.map((hash) => hash.slice()),
      coinbaseTxPrefix: cut.prefix,
      coinbaseTxSuffix: cut.suffix,
      rewardShare: rewardShare(reward, present.template),
      reward,
      isUnchecked: !isChecked,
      tip,
      content,
      // it was not checked, so it is trusted no longer than its token
      expires: isChecked ? undefined : token.expires * 1000,
    }
  }

  #tokenFor({ job, channels, takesDistributions }: CustomJobRequest, now: Millis): MiningJobToken | Refused {
    const token = openToken(job.miningJobToken, this.#mac)
    if (token === undefined || token.expires * 1000 <= now) return { code: 'invalid-mining-job-token' }
    const isFollowing = token.distributionId !== undefined
    if (!isFollowing && token.outputs.length === 0) return { code: 'invalid-mining-job-token' }
    // the extension is agreed on with the server and with the pool, or it is not used
    if (isFollowing ? !takesDistributions : job.distributionId !== undefined)
      return { code: 'invalid-payout-distribution' }
    if (channels.some(({ user }) => !equalBytes(accountKey(user), token.account)))
      return { code: 'invalid-mining-job-token' }
    if (token.commitment === undefined && !token.usableAtOnce) return { code: 'job-not-yet-validated' }
    return token
  }

  #tipFor(job: SetCustomMiningJob, tip: Tip | undefined, now: Millis): Tip | Refused | 'later' {
    if (tip === undefined || !equalBytes(tip.prevHash, job.prevHash))
      return this.#formerTips.has(hex(job.prevHash)) ? { code: 'stale-chain-tip' } : 'later'
    if (job.nbits !== tip.nbits) return { code: 'invalid-nbits' }
    const latest = Math.max(now / 1000, tip.minNtime) + MAX_NTIME_AHEAD
    if (job.minNtime < tip.minNtime - CLOCKS_APART || job.minNtime > latest)
      return { code: 'invalid-min-ntime' }
    return { ...tip, minNtime: job.minNtime, latestFrom: tip.minNtime }
  }
}

/** What the negotiator servers are told of a block on a miner's own job; undefined where the job has no tip. */
export function solutionOf(channel: Channel, share: Share, { job }: GoodShare): PushSolution | undefined {
  const { tip } = job
  if (tip === undefined) return undefined
  return {
    type: 'PushSolution',
    extranonce: fullExtranonce(channel, job, share),
    prevHash: tip.prevHash,
    nonce: share.nonce,
    ntime: share.ntime,
    nbits: tip.nbits,
    version: share.version,
  }
}

function coinbaseOf(job: SetCustomMiningJob, token: MiningJobToken): CustomCoinbase | Refused {
  try {
    const outputs = parseCountedOutputs(job.coinbaseTxOutputs)
    return {
      version: job.coinbaseTxVersion,
      scriptPrefix: job.coinbasePrefix,
      sequence: job.coinbaseTxInputSequence,
      outputs: customOutputs(outputs, job.coinbaseTxValueRemaining, token.outputs),
      locktime: job.coinbaseTxLocktime,
    }
  } catch (error) {
    if (!(error instanceof BitcoinError)) throw error
    return { code: 'invalid-coinbase-tx-outputs' }
  }
}

/** Why the pool does not pay for a job. */
function fault(
  { job, channels }: CustomJobRequest,
  {
    token,
    coinbase,
    template,
  }: {
    readonly token: MiningJobToken
    readonly coinbase: CustomCoinbase
    readonly template: NewTemplate | undefined
  },
): string | undefined {
  const sizes = channels.map(({ extranonceSize }) => extranonceSize)
  if (sizes.some((size) => (job.extranonceSize ?? size) !== size)) return WRONG_EXTRANONCE_SIZE
  const least = token.commitment?.minExtranonceSize ?? 0
  if (sizes.some((size) => size < least)) return WRONG_EXTRANONCE_SIZE
  // none below 4, nor with the sign set, is a block's (BIP 34, 65, 66)
  if ((job.version | 0) < 4) return 'invalid-version'
  if (!startsWithHeight(job.coinbasePrefix, template)) return 'invalid-coinbase-prefix'
  if (!isFinal(job, template)) return 'invalid-coinbase-tx-locktime'
  const { outputs } = coinbase
  const [script] = token.outputs
  // a job without one follows a distribution, and is compared with that
  const paid =
    script === undefined ||
    (valueTo(script, outputs) > 0n && missingOutputs(token.outputs, outputs).length === 0)
  if (!paid || sumOf(outputs) > MAX_MONEY) return 'invalid-coinbase-tx-outputs'
  // the server has added up the fees of a job it has checked
  if (token.commitment === undefined && isTooMuch(outputs, template)) return 'invalid-coinbase-tx-outputs'
  return undefined
}

/** More than the block can be worth: no template has so many fees more than the pool's own. */
function isTooMuch(outputs: readonly TxOutput[], template: NewTemplate | undefined): boolean {
  return template !== undefined && sumOf(outputs) * 4n > template.coinbaseTxValueRemaining * 5n
}

/** Whether the coinbase may stand in the block of this height: its locktime is below, or switched off. */
function isFinal(job: SetCustomMiningJob, template: NewTemplate | undefined): boolean {
  const { coinbaseTxLocktime: locktime, coinbaseTxInputSequence: sequence } = job
  if (locktime === 0 || sequence === 0xffff_ffff) return true
  const height = heightOf(template)
  return height === undefined || locktime < height
}

/** The height that a template's prefix pushes; undefined where the prefix has another form. */
function heightOf(template: NewTemplate | undefined): number | undefined {
  const [first = 0, ...bytes] = template?.coinbasePrefix ?? []
  if (first > OP_1_BEFORE && first <= OP_1_BEFORE + 16) return first - OP_1_BEFORE
  if (first === 0 || first > 5 || bytes.length < first) return undefined
  return bytes.slice(0, first).reduceRight((sum, byte) => sum * 256 + byte, 0)
}

/** A block whose coinbase does not begin with its height is invalid (BIP 34). The template's prefix begins with it. */
function startsWithHeight(prefix: Uint8Array, template: NewTemplate | undefined): boolean {
  const [first] = template?.coinbasePrefix ?? []
  if (template === undefined || first === undefined) return true
  const height = template.coinbasePrefix.subarray(0, first <= 5 ? first + 1 : 1)
  return equalBytes(prefix.subarray(0, height.length), height)
}

function cutFor(coinbase: CustomCoinbase, { prefix, extranonceSize }: Channel) {
  try {
    const cut = cutCoinbase(coinbase, prefix.length + extranonceSize)
    return cut.suffix.length > MAX_PART_SIZE ? { code: 'invalid-coinbase-tx-outputs' } : cut
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return { code: 'invalid-coinbase-prefix' }
  }
}

/** The number of the job where every channel works on the very same one already. */
function standingJob({ job, channels }: CustomJobRequest, content: string): number | undefined {
  const jobs = channels.map(({ custom }) => custom?.activeOf(content))
  const [first] = jobs
  if (first?.version !== job.version || first.tip?.minNtime !== job.minNtime) return undefined
  return jobs.every((each) => each?.jobId === first.jobId) ? first.jobId : undefined
}

/**
 * What the outputs that the token stands for get, as a part of what the pool's own template would have brought at this
 * time, and never more than that (POOL-57): a job that pays little is worth little, no matter who gets the rest.
 */
function rewardShare({ toPool, total }: JobReward, template: NewTemplate | undefined): number {
  const own = template?.coinbaseTxValueRemaining ?? 0n
  return Math.min(1, Number(toPool) / Number(own > 0n ? own : total))
}

/** The distribution that a job follows: of a checked job its token says it, of any other the job itself. */
function followed(job: SetCustomMiningJob, token: MiningJobToken): bigint | undefined {
  return token.commitment === undefined ? job.distributionId : token.distributionId
}

/** @param distributionId undefined where the token names who is paid */
function rewardOf(
  { outputs: wanted }: MiningJobToken,
  outputs: readonly TxOutput[],
  distributionId: bigint | undefined,
): JobReward {
  if (distributionId !== undefined) {
    const total = sumOf(outputs)
    return { toPool: total, total, distributionId }
  }
  const scripts = new Set(wanted.map(hex))
  const ours = outputs.filter(({ script }) => scripts.has(hex(script)))
  return { toPool: sumOf(ours), total: sumOf(outputs), distributionId: 0n }
}

function sumOf(outputs: readonly TxOutput[]): bigint {
  return outputs.reduce((sum, { value }) => sum + value, 0n)
}

/** Equal for jobs that have the same hashes, whatever of the version is rolled. */
function searchSpace(job: JobCommitment): string {
  const { coinbaseVersion, sequence, locktime } = job
  const hashes = [job.prevHash, job.scriptPrefix, job.outputs, job.merklePath].map(hex)
  return [coinbaseVersion, sequence, locktime, ...hashes].join('/')
}
