import type { SetNewPrevHash } from '../current/jobs.ts'

/** Channels a client remembers per connection; those beyond only lose the services below. */
const MAX_CHANNELS = 131_072

/** What a SetNewPrevHash said of the tip. */
export type ToldTip = Pick<SetNewPrevHash, 'prevHash' | 'minNtime' | 'nbits'>

/** The last SetNewPrevHash of a channel or group; `arrival` orders those of both. */
interface Tip {
  told: ToldTip | undefined
  arrival: number
}

interface ChannelRecord extends Tip {
  groupId: number | undefined
  readonly extranonceSize: number | undefined
}

interface GroupRecord extends Tip {
  members: number
}

/**
 * What one side of a draft connection remembers of its channels: an active draft job does not say from which time on
 * it is valid, the last SetNewPrevHash of its channel or group does. A client reads the time of its jobs here, a server
 * what its client takes for their time.
 *
 * Channels enter with their open answer and leave with CloseChannel; groups live while they have members.
 * Ids that were never opened are not remembered, so a server cannot fill the memory with prev-hashes.
 */
export class ChannelMemory {
  #channels: Map<number, ChannelRecord> | undefined
  #groups: Map<number, GroupRecord> | undefined
  #arrivals: number

  constructor() {
    this.#channels = undefined
    this.#groups = undefined
    this.#arrivals = 0
  }

  get size(): number {
    return this.#channels?.size ?? 0
  }

  open(channelId: number, { groupId, extranonceSize }: { groupId?: number; extranonceSize?: number }): void {
    this.close(channelId)
    this.#channels ??= new Map()
    if (this.#channels.size >= MAX_CHANNELS) return
    const record = { groupId: undefined, extranonceSize, told: undefined, arrival: 0 }
    this.#channels.set(channelId, record)
    if (groupId !== undefined) this.#join(record, groupId)
  }

  regroup(groupId: number, channelIds: readonly number[]): void {
    for (const channelId of channelIds) {
      const record = this.#channels?.get(channelId)
      if (record === undefined) continue
      this.#leave(record)
      this.#join(record, groupId)
    }
  }

  close(channelId: number): void {
    const record = this.#channels?.get(channelId)
    if (record === undefined) return
    this.#channels?.delete(channelId)
    this.#leave(record)
  }

  /** SetNewPrevHash for a channel or a group; a group that was told of none yet builds on its channel's. */
  newPrevHash(id: number, told: ToldTip): void {
    this.#arrivals += 1
    const group = this.#groups?.get(this.#channels?.get(id)?.groupId ?? id)
    if (group !== undefined) group.told ??= told
    for (const tip of [this.#channels?.get(id), this.#groups?.get(id)]) {
      if (tip === undefined) continue
      tip.told = told
      tip.arrival = this.#arrivals
    }
  }

  /** The tip that an active job for a channel or a group builds on; undefined before any SetNewPrevHash. */
  tip(id: number): ToldTip | undefined {
    const channel = this.#channels?.get(id)
    const group = this.#groups?.get(channel?.groupId ?? id)
    if (channel === undefined || group === undefined) return (channel ?? group)?.told
    return channel.arrival > group.arrival ? channel.told : group.told
  }

  extranonceSize(channelId: number): number | undefined {
    return this.#channels?.get(channelId)?.extranonceSize
  }

  #join(record: ChannelRecord, groupId: number): void {
    this.#groups ??= new Map()
    const group = this.#groups.get(groupId)
    if (group === undefined) this.#groups.set(groupId, { members: 1, told: record.told, arrival: 0 })
    else group.members += 1
    record.groupId = groupId
  }

  #leave(record: ChannelRecord): void {
    const { groupId } = record
    if (groupId === undefined) return
    record.groupId = undefined
    const group = this.#groups?.get(groupId)
    if (group === undefined) return
    group.members -= 1
    if (group.members === 0) this.#groups?.delete(groupId)
  }
}
