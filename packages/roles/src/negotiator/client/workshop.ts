import {
  concatBytes,
  parseOutputs,
  type SplitCoinbase,
  type TxOutput,
  targetToDifficulty,
} from '@sv2/bitcoin'
import type { NewTemplate } from '@sv2/messages'
import { JOB_NUMBER_SIZE, type Job, scriptPrefix, type Tip } from '../../channel/job.ts'
import { JobBook } from '../../channel/job-book.ts'
import type { Miners } from '../../miners/miners.ts'
import { type Millis, NEVER } from '../../role.ts'
import { counted, type UpstreamChannel } from '../../upstream/upstream-channel.ts'
import type { JobNumbering } from '../../upstream/work-channel.ts'
import { type CustomCoinbase, cutCoinbase } from '../custom-coinbase.ts'
import type { GrantedToken } from './granted-token.ts'
import type { OwnWork, PaidWork, PoolWork, Work } from './own-work.ts'
import type { Offer } from './pool-offer.ts'

/** A job for single channels is shared by all that need one within this time, ms. */
const EXTRA_JOB_MS = 1_000
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
  readonly work: Work
  readonly spare: Uint8Array
}

/**
 * Makes jobs of our templates, and hands them to the miners. All miners work on one book; for them a change of who is
 * paid is another job, or where nothing earlier counts any more another tip.
 */
export class Workshop {
  readonly book = new JobBook()
  readonly #settings: WorkshopSettings
  readonly #miners: Miners
  readonly #numbering: JobNumbering
  readonly #origins = new WeakMap<Job, WorkOrigin>()
  #extra: { readonly job: Job; readonly until: Millis } | undefined
  /** When everybody was last given a job; `NEVER` before the first one. */
  lastJob: Millis = NEVER

  constructor(
    settings: WorkshopSettings,
    deps: { readonly miners: Miners; readonly numbering: JobNumbering },
  ) {
    this.#settings = settings
    this.#miners = deps.miners
    this.#numbering = deps.numbering
  }

  /** What a job was made of. */
  origin(job: Job): WorkOrigin | undefined {
    return this.#origins.get(job)
  }

  /** Work that pays ourselves. */
  solo(template: NewTemplate, tip: Tip, now: Millis): OwnWork {
    const extranonceSize = this.#settings.size + SPARE_BYTES
    const base = this.#base(template, tip, now)
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
   * @param token of its server, or one like it; undefined where the pool completes the coinbase
   */
  forPool(
    from: { readonly template: NewTemplate; readonly tip: Tip; readonly channel: UpstreamChannel },
    token: Pick<GrantedToken, 'outputs'> | undefined,
    now: Millis,
  ): PoolWork {
    const { template, tip, channel } = from
    const { prefix: upstreamPrefix, spare, size } = channel
    const extranonceSize = upstreamPrefix.length + spare + size
    const base = this.#base(template, tip, now)
    const outputs = token?.outputs
    const script =
      outputs === undefined
        ? openPrefix(template, { number: base.number, extranonceSize })
        : scriptPrefix(template, { tag: this.#settings.coinbaseTag, number: base.number, extranonceSize })
    const work = { ...base, channel, scriptPrefix: script, extranonceSize, upstreamPrefix, spare }
    const [payout, ...others] = outputs ?? []
    return {
      ...work,
      whole:
        payout === undefined
          ? undefined
          : wholeOf(work, [{ ...payout, value: base.valueRemaining }, ...others, ...base.clientOutputs]),
      stage: 'token',
      stageSince: now,
      token: undefined,
      transactions: undefined,
      proposalId: undefined,
      requestId: undefined,
      jobId: undefined,
      agreedAt: 0,
      awaitsServer: false,
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

  /** Takes the coinbase that a pool has completed; a text says why it is none we could mine on. */
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
  hand(work: Work, how: 'tip' | 'update', now: Millis): void {
    const job = this.#jobOf(work, new Uint8Array(work.spare))
    work.job = job
    this.#extra = undefined
    this.lastJob = now
    if (how === 'update') {
      this.book.addActive(job, work.tip, job.order)
      this.#miners.sendJob(this.book, job)
      return
    }
    this.book.addFuture(job)
    this.#miners.sendJob(this.book, job)
    if (this.book.activate(job.jobId, work.tip, this.#numbering.nextOrder()) === undefined) return
    this.#miners.sendTip(this.book, job.jobId, work.tip)
    const networkDifficulty = targetToDifficulty(work.tip.networkTarget)
    this.#miners.newTip({ oldestLive: this.#numbering.oldestLive(), networkDifficulty }, now)
  }

  /** The present work once more, in a search space of its own, for everybody. */
  repeat(now: Millis): void {
    const active = this.book.active
    const work = active === undefined ? undefined : this.#origins.get(active)?.work
    if (work !== undefined) this.repeatWork(work, now)
  }

  /** Work that miners had before once more, for everybody. */
  repeatWork(work: Work, now: Millis): void {
    const job = this.#again(work)
    if (job === undefined) return
    this.#extra = undefined
    this.lastJob = now
    this.book.addActive(job, work.tip, job.order)
    this.#miners.sendJob(this.book, job)
  }

  /** The present work once more, for single channels. */
  extraJob(now: Millis): Job | undefined {
    const active = this.book.active
    if (active?.tip === undefined) return undefined
    if (this.#extra !== undefined && now < this.#extra.until && this.book.live(this.#extra.job.jobId))
      return this.#extra.job
    const work = this.#origins.get(active)?.work
    const job = work === undefined ? undefined : this.#again(work)
    if (job === undefined) return undefined
    this.book.addExtra(job, active.tip, job.order)
    this.#extra = { job, until: now + EXTRA_JOB_MS }
    return job
  }

  #again(work: Work): Job | undefined {
    if (work.whole === undefined) return undefined
    work.repeated++
    return this.#jobOf(work, counted(work.repeated, work.spare))
  }

  #jobOf(work: Work, spare: Uint8Array): Job {
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
    this.#origins.set(job, { work, spare })
    return job
  }

  #base(template: NewTemplate, tip: Tip, now: Millis) {
    const spent = this.#settings.outputs.reduce((sum, { value }) => sum + value, 0n)
    const isAffordable = spent <= template.coinbaseTxValueRemaining
    const own = isAffordable ? this.#settings.outputs : []
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
