import type { WorkChannel } from './work-channel.ts'

/** Which of our channels a message of one upstream connection is for: by channel id, or by that of a group. */
export class Routes {
  readonly #channels = new Map<number, WorkChannel>()
  readonly #groups = new Map<number, Set<WorkChannel>>()

  add(channel: WorkChannel): void {
    this.#channels.set(channel.channelId, channel)
    this.#join(channel)
  }

  delete(channel: WorkChannel): void {
    if (this.#channels.get(channel.channelId) === channel) this.#channels.delete(channel.channelId)
    this.#leave(channel)
  }

  /** The channels a channel or group id stands for; none when it is unknown. */
  of(id: number): Iterable<WorkChannel> {
    const channel = this.#channels.get(id)
    return channel === undefined ? [...(this.#groups.get(id) ?? [])] : [channel]
  }

  /** Puts channels into another group (SetGroupChannel). */
  regroup(groupId: number, channelIds: readonly number[]): void {
    for (const id of channelIds) {
      const channel = this.#channels.get(id)
      if (channel === undefined) continue
      this.#leave(channel)
      channel.groupId = groupId
      this.#join(channel)
    }
  }

  #join(channel: WorkChannel): void {
    const group = this.#groups.get(channel.groupId)
    if (group === undefined) this.#groups.set(channel.groupId, new Set([channel]))
    else group.add(channel)
  }

  #leave(channel: WorkChannel): void {
    const group = this.#groups.get(channel.groupId)
    group?.delete(channel)
    if (group?.size === 0) this.#groups.delete(channel.groupId)
  }
}
