import type { TxOutput } from '@sv2/bitcoin'
import type { NewTemplate } from '@sv2/messages'
import type { Job } from '../mining/channel/job.ts'
import {
  type CoinbaseRoom,
  type CoinbaseSpace,
  DEFAULT_PAYOUT_CLASS,
  fitsRoom,
  payoutsThatFit,
  roomOfDistribution,
} from '../payouts/coinbase-room.ts'
import { type Distribution, firstPayouts, rewardOutputs } from '../payouts/distribution.ts'

/** Bytes of a coinbase behind the extranonce that are not outputs: sequence and locktime. */
const BEHIND_SCRIPT = 8

/** Who is paid by the jobs of one shelf. */
export interface JobSplit {
  /** In front of those of the template. */
  readonly outputs: readonly TxOutput[]
  /** The distribution they follow; 0 when they follow none. */
  readonly distributionId: bigint
}

export interface PayoutClassesSettings {
  /** Output script of the pool. */
  readonly poolScript: Uint8Array
  /** Bytes of the coinbases that there are, the shortest first. */
  readonly classes: readonly number[]
  /** Bytes of every extranonce. */
  readonly extranonceSize: number
}

/** How one job is split, whatever class it is sent to. */
interface Followed {
  readonly distribution: Distribution
  /** Bytes of its coinbase without our outputs and the count of outputs. */
  readonly fixedSize: number
  readonly space: Omit<CoinbaseSpace, 'bytes'>
}

/**
 * The payout classes of a pool that pays its miners from the coinbase: the same jobs, with as many payouts of a distribution
 * as the coinbases of a class have room for.
 *
 * A job follows the newest distribution, unless its template has no room for that one: then the one of the job before.
 */
export class PayoutClasses {
  readonly #settings: PayoutClassesSettings
  readonly #roomFor: (template: NewTemplate) => CoinbaseRoom
  readonly #followed = new WeakMap<Job, Followed>()
  readonly #inUse = new Set<number>()
  #newest: Distribution
  /** That of the last job; undefined when there was no job, or it is void. */
  #used: Distribution | undefined
  /** Bytes of the last coinbase without our outputs. */
  #fixedSize = 0

  /** @param roomFor what a template leaves for our outputs */
  constructor(settings: PayoutClassesSettings, roomFor: (template: NewTemplate) => CoinbaseRoom) {
    this.#settings = settings
    this.#roomFor = roomFor
    const pool = { script: settings.poolScript, weight: 1n }
    this.#newest = { id: 0n, pool, payouts: [], additionalOutputs: [] }
  }

  /** The newest distribution; its id is 0 before the first one came. */
  get newest(): Distribution {
    return this.#newest
  }

  /** The class of a client: the largest one that is not too long for it. @param most bytes; undefined: no limit */
  classFor(most: number | undefined): number {
    const { classes } = this.#settings
    const fitting = classes.filter((bytes) => most === undefined || bytes <= most)
    return fitting.at(-1) ?? classes[0]!
  }

  /** Channels of this class are there. */
  use(bytes: number): void {
    this.#inUse.add(bytes)
  }

  /** No channel of this class is left. */
  leave(bytes: number): void {
    this.#inUse.delete(bytes)
  }

  /** Bytes of the longest coinbases in use. */
  get longest(): number {
    return this.#inUse.size === 0 ? this.classFor(DEFAULT_PAYOUT_CLASS) : Math.max(...this.#inUse)
  }

  /** What the newest distribution needs in the coinbases in use. */
  get needed(): CoinbaseRoom {
    return this.#neededBy(this.#newest, { bytes: this.longest - this.#fixedSize, templateOutputs: 1 })
  }

  /** Jobs follow this distribution from now on. @param voids no job may follow an earlier one */
  take(distribution: Distribution, { voids }: { readonly voids: boolean }): void {
    this.#newest = distribution
    if (voids) this.#used = undefined
  }

  /** Decides which distribution a new job follows. */
  follow(job: Job, template: NewTemplate): void {
    const others = template.coinbaseTxOutputs.length
    const fixedSize = job.coinbaseTxPrefix.length + this.#settings.extranonceSize + BEHIND_SCRIPT + others
    this.#fixedSize = fixedSize
    const space = { templateOutputs: template.coinbaseTxOutputsCount, room: this.#roomFor(template) }
    const needed = this.#neededBy(this.#newest, { ...space, bytes: this.longest - fixedSize })
    if (fitsRoom(needed, space.room) || this.#used === undefined) this.#used = this.#newest
    this.#followed.set(job, { distribution: this.#used, fixedSize, space })
  }

  /** Who is paid by a job in the coinbases of a class. */
  split(job: Job, template: NewTemplate, classBytes: number): JobSplit {
    const followed = this.#followed.get(job)
    if (followed === undefined) throw new RangeError(`job ${job.jobId} follows no distribution`)
    const { distribution, fixedSize, space } = followed
    const most = payoutsThatFit(distribution, { ...space, bytes: classBytes - fixedSize })
    return {
      outputs: rewardOutputs(firstPayouts(distribution, most), template.coinbaseTxValueRemaining),
      distributionId: distribution.id,
    }
  }

  #neededBy(
    distribution: Distribution,
    { bytes, templateOutputs }: Pick<CoinbaseSpace, 'bytes' | 'templateOutputs'>,
  ): CoinbaseRoom {
    const most = payoutsThatFit(distribution, { bytes, templateOutputs })
    return roomOfDistribution(firstPayouts(distribution, most))
  }
}
