import { concatBytes, parseOutputs, type SplitCoinbase, type TxOutput } from '@sv2/bitcoin'
import type { NewTemplate } from '@sv2/messages'
import { counted, type UpstreamChannel } from '../../client/upstream-channel.ts'
import { type CustomCoinbase, cutCoinbase } from '../../custom-jobs/custom-coinbase.ts'
import { type Millis, NEVER } from '../../ground/role.ts'
import { JOB_NUMBER_SIZE, type Job, scriptPrefix, type Tip } from '../../mining/channel/job.ts'
import type { JobBook } from '../../mining/channel/job-book.ts'
import type { Miners } from '../../mining/miners/miners.ts'
import { type Distribution, rewardOutputs } from '../../payouts/distribution.ts'
import { JobFeed, type JobNumbering, type MadeJob } from '../../work/job-feed.ts'
import type { GrantedToken } from './granted-token.ts'
import type { MinedWork, OwnWork, PaidWork, PoolWork } from './own-work.ts'
import type { Offer } from './pool-offer.ts'

/** Bytes behind the pool's part of the extranonce that tell a job from its repetitions, where we choose how many. */
export const SPARE_BYTES = 2
/** Bytes of a coinbase prefix where the pool completes the coinbase (JNC-05). */
const MAX_OPEN_PREFIX = 8
/** Bytes of a coinbase's halves, so that a job fits a message. */
const MAX_COINBASE_BYTES = 60_000

export interface WorkshopSettings {
  readonly payoutScript: Uint8Array
  /** Outputs of our own; their values are taken off what is left. */
  readonly outputs: readonly TxOutput[]
  readonly coinbaseTag: Uint8Array
  /** Bytes of extranonce that miners split among themselves. */
  readonly size: number
}

/** What a job was made of, and what stands between the pool's prefix and the leased bytes. */
export interface WorkOrigin {
  readonly work: MinedWork
  readonly spare: Uint8Array
}

/**
 * Makes jobs of our templates, and hands them to the miners. All miners work on one book; for them a change of who is
 * paid is another job, or where nothing earlier counts any more another tip.
 */
export class Workshop {
  readonly jobs: JobFeed<WorkOrigin>
  readonly #settings: WorkshopSettings
  readonly #numbering: JobNumbering

  constructor(
    settings: WorkshopSettings,
    deps: { readonly miners: Miners; readonly numbering: JobNumbering },
  ) {
    this.#settings = settings
    this.#numbering = deps.numbering
    this.jobs = new JobFeed({ ...deps, again: (_job, { work }) => this.#again(work) })
  }

  get book(): JobBook {
    return this.jobs.book
  }

  /** Work that pays ourselves. */
  solo(template: NewTemplate, tip: Tip, now: Millis): OwnWork {
    const extranonceSize = this.#settings.size + SPARE_BYTES
    const base = this.#base(template, tip, { now, followsDistribution: false })
    const tag = this.#settings.coinbaseTag
    const prefix = scriptPrefix(template, { tag, number: base.number, extranonceSize })
    const payout = { value: base.valueRemaining, script: this.#settings.payoutScript }
    const work = { ...base, channel: undefined, scriptPrefix: prefix, extranonceSize }
    return {
      ...work,
      upstreamPrefix: new Uint8Array(0),
      spare: SPARE_BYTES,
      whole: wholeOf(work, [payout, ...base.clientOutputs]),
    }
  }

  /**
   * Work that a pool is to pay for.
   * @param payees outputs of a token of its server, or a payout distribution; undefined where the pool completes the
   *   coinbase
   */
  forPool(
    from: { readonly template: NewTemplate; readonly tip: Tip; readonly channel: UpstreamChannel },
    payees: Pick<GrantedToken, 'outputs'> | { readonly distribution: Distribution } | undefined,
    now: Millis,
  ): PoolWork {
    const { template, tip, channel } = from
    const { prefix: upstreamPrefix, spare, size } = channel
    const extranonceSize = upstreamPrefix.length + spare + size
    const distribution = payees !== undefined && 'distribution' in payees ? payees.distribution : undefined
    const base = this.#base(template, tip, { now, followsDistribution: distribution !== undefined })
    const outputs = poolOutputs(payees, base.valueRemaining)
    const script =
      outputs === undefined
        ? openPrefix(template, { number: base.number, extranonceSize })
        : scriptPrefix(template, { tag: this.#settings.coinbaseTag, number: base.number, extranonceSize })
    const work = { ...base, channel, scriptPrefix: script, extranonceSize, upstreamPrefix, spare }
    return {
      ...work,
      whole:
        outputs === undefined || outputs.length === 0
          ? undefined
          : wholeOf(work, [...outputs, ...base.clientOutputs]),
      distributionId: distribution?.id,
      stage: 'token',
      stageSince: now,
      token: undefined,
      transactions: undefined,
      proposalId: undefined,
      requestId: undefined,
      jobId: undefined,
      agreedAt: 0,
      awaitsServer: false,
      isAtServer: false,
      untold: [],
      early: 0,
      refusals: 0,
      retryAt: NEVER,
      waiting: [],
    }
  }

  /** A pool's own job: the pool pays for it from the start. */
  offered({ job, tip }: Offer, channel: UpstreamChannel, now: Millis): PaidWork {
    return {
      template: undefined,
      version: job.version,
      versionRollingAllowed: job.versionRollingAllowed,
      merklePath: job.merklePath,
      tip,
      channel,
      upstreamPrefix: channel.prefix,
      spare: channel.spare,
      whole: { cut: { prefix: job.coinbaseTxPrefix, suffix: job.coinbaseTxSuffix } },
      job: undefined,
      repeated: 0,
      since: now,
      stage: 'acknowledged',
      jobId: job.jobId,
      agreedAt: this.#numbering.nextOrder(),
      waiting: [],
    }
  }

  /** Takes the coinbase that a pool has completed; a text says why we could not mine on it. */
  complete(work: PoolWork, cut: SplitCoinbase): string | undefined {
    if (cut.prefix.length + cut.suffix.length > MAX_COINBASE_BYTES)
      return 'a coinbase too long to be handed on'
    const scriptSize = work.scriptPrefix.length + work.extranonceSize
    const begin = concatBytes(Uint8Array.of(scriptSize), work.scriptPrefix)
    const at = cut.prefix.length - begin.length
    if (at < 0 || !begin.every((byte, place) => cut.prefix[at + place] === byte))
      return 'a coinbase that does not begin as ours'
    const { coinbaseTxVersion: version, coinbaseTxInputSequence: sequence } = work.template
    const coinbase: CustomCoinbase = {
      version,
      scriptPrefix: work.scriptPrefix,
      sequence,
      // the pool's stand in front of these; a block needs to know of the last ones only
      outputs: work.clientOutputs,
      locktime: work.template.coinbaseTxLocktime,
    }
    work.whole = { coinbase, cut: { prefix: cut.prefix.slice(), suffix: cut.suffix.slice() } }
    return undefined
  }

  /**
   * Hands work to all miners.
   * @param how `tip`: nothing that they were given before is worth anything any more
   */
  hand(work: MinedWork, how: 'tip' | 'update', now: Millis): void {
    const made = this.#made(work, new Uint8Array(work.spare))
    work.job = made.job
    if (how === 'update') return this.jobs.update(made, work.tip, now)
    this.jobs.wait(made)
    this.jobs.start(made.job, work.tip, now)
  }

  /** Hands work to all miners that they had before, in a search space of its own. */
  handAgain(work: MinedWork, now: Millis): void {
    if (work.job === undefined) this.hand(work, 'update', now)
    else this.jobs.repeat(now, work.job)
  }

  #again(work: MinedWork): MadeJob<WorkOrigin> | undefined {
    if (work.whole === undefined) return undefined
    work.repeated++
    return this.#made(work, counted(work.repeated, work.spare))
  }

  #made(work: MinedWork, spare: Uint8Array): MadeJob<WorkOrigin> {
    if (work.whole === undefined) throw new RangeError('a job without a coinbase')
    const { prefix, suffix } = work.whole.cut
    const jobId = this.#numbering.nextJobId()
    const job: Job = {
      jobId,
      // without bytes to tell repetitions apart all of them are one search space
      space: work.spare === 0 ? (work.job?.space ?? jobId) : jobId,
      order: this.#numbering.nextOrder(),
      version: work.version,
      versionRollingAllowed: work.versionRollingAllowed,
      merklePath: work.merklePath,
      coinbaseTxPrefix: concatBytes(prefix, work.upstreamPrefix, spare),
      coinbaseTxSuffix: suffix,
      activeSince: 0,
      tip: undefined,
    }
    return { job, origin: { work, spare } }
  }

  /** @param how a coinbase that follows a distribution has no output of our own with value */
  #base(
    template: NewTemplate,
    tip: Tip,
    { now, followsDistribution }: { readonly now: Millis; readonly followsDistribution: boolean },
  ) {
    const wanted = this.#settings.outputs.filter(({ value }) => !followsDistribution || value === 0n)
    const spent = wanted.reduce((sum, { value }) => sum + value, 0n)
    const isAffordable = spent <= template.coinbaseTxValueRemaining
    const own = isAffordable ? wanted : []
    return {
      template,
      version: template.version,
      versionRollingAllowed: true,
      merklePath: template.merklePath,
      tip,
      number: this.#numbering.nextJobId(),
      clientOutputs: [...own, ...parseOutputs(template.coinbaseTxOutputs)],
      valueRemaining: template.coinbaseTxValueRemaining - (isAffordable ? spent : 0n),
      job: undefined,
      repeated: 0,
      since: now,
    }
  }
}

/** What the coinbase pays to a pool and its miners; undefined where the pool says so itself. */
function poolOutputs(
  payees: Pick<GrantedToken, 'outputs'> | { readonly distribution: Distribution } | undefined,
  value: bigint,
): readonly TxOutput[] | undefined {
  if (payees === undefined) return undefined
  if ('distribution' in payees) return rewardOutputs(payees.distribution, value)
  return payees.outputs?.map((output, place) => (place === 0 ? { ...output, value } : output))
}

function wholeOf(
  work: Pick<OwnWork, 'template' | 'scriptPrefix' | 'extranonceSize'>,
  outputs: readonly TxOutput[],
): { readonly coinbase: CustomCoinbase; readonly cut: SplitCoinbase } {
  const { template } = work
  const coinbase: CustomCoinbase = {
    version: template.coinbaseTxVersion,
    scriptPrefix: work.scriptPrefix,
    sequence: template.coinbaseTxInputSequence,
    outputs,
    locktime: template.coinbaseTxLocktime,
  }
  return { coinbase, cut: cutCoinbase(coinbase, work.extranonceSize) }
}

/** As much of a job number as fits behind the template's prefix. */
function openPrefix(
  template: NewTemplate,
  job: { readonly number: number; readonly extranonceSize: number },
): Uint8Array {
  const numberSize = Math.min(JOB_NUMBER_SIZE, MAX_OPEN_PREFIX - 1 - template.coinbasePrefix.length)
  if (numberSize < 1) return template.coinbasePrefix
  return scriptPrefix(template, { tag: new Uint8Array(0), ...job, numberSize })
}
