import type { NewExtendedMiningJob, NewMiningJob, SetNewPrevHash } from '@sv2/messages'
import { owned } from '../ground/owned.ts'
import { ChannelJobs, type Start } from './channel-jobs.ts'
import type { DeviceGrant } from './grant.ts'

/** The device's one channel: what holds for the jobs to come, and the jobs. */
export class DeviceChannel {
  readonly channelId: number
  readonly kind: 'standard' | 'extended'
  readonly extranonceSize: number
  groupId: number
  #prefix: Uint8Array
  #target: Uint8Array
  readonly #jobs = new ChannelJobs()

  constructor(grant: DeviceGrant) {
    this.channelId = grant.channelId
    this.kind = grant.kind
    this.extranonceSize = grant.extranonceSize
    this.groupId = grant.groupId
    this.#prefix = grant.prefix.slice()
    this.#target = grant.target.slice()
  }

  /** Target of work that starts now. */
  get target(): Uint8Array {
    return this.#target
  }

  /** Whether a message with this channel id concerns the channel: its own, or that of its group. */
  answersTo(channelId: number): boolean {
    return channelId === this.channelId || channelId === this.groupId
  }

  /** Holds for future jobs already here and later ones (DEV-20). */
  setTarget(target: Uint8Array): void {
    this.#target = target.slice()
  }

  /** Holds for jobs received from now on (DEV-21). */
  setPrefix(prefix: Uint8Array): void {
    this.#prefix = prefix.slice()
  }

  /** Takes a job; answers what to start at once (DEV-06). */
  job(message: NewMiningJob | NewExtendedMiningJob): Start | undefined {
    return this.#jobs.add({ message: owned(message), prefix: this.#prefix })
  }

  /** Takes a new tip; answers the job to start on it, undefined when that one is unknown (DEV-09). */
  tip(prev: SetNewPrevHash): Start | undefined {
    return this.#jobs.activate(prev)
  }
}
