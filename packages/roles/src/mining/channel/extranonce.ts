/** Bytes of prefix and rolled part together, at most (docs/wire.md O-06). */
export const MAX_FULL_EXTRANONCE = 32

/**
 * Splits the extranonce space of one node: `server id ‖ lease number ‖ zeros ‖ rollable part`. Two channels never hold
 * the same lease, and a lease is given out again only when every job that could have used it is dead (POOL-03).
 *
 * An extranonce stands at the end of the coinbase's script. Where all of them have one length, prefix and rolled part
 * together, two channels never have the same coinbase, no matter which of the two made it: the leases stand at the same
 * place of both.
 */
export interface ExtranonceLayout {
  /** Tells the nodes of one operator apart, and the runs of a node; stands first in every prefix. May be empty. */
  readonly serverId: Uint8Array
  /** Bytes of the lease number, 1…4: 256^n channels at most. */
  readonly leaseBytes: number
  /** In what order leases are given out; undefined: as they are numbered. */
  readonly shuffle?: ((lease: number) => number) | undefined
}

/** Bytes of the part that is fixed per channel: server id and lease number. */
export function leaseSize(layout: ExtranonceLayout): number {
  return layout.serverId.length + layout.leaseBytes
}

/** The bytes of a lease followed by `padding` zero bytes (a standard channel has its whole extranonce fixed). */
export function extranoncePrefix(layout: ExtranonceLayout, lease: number, padding = 0): Uint8Array {
  const prefix = new Uint8Array(leaseSize(layout) + padding)
  prefix.set(layout.serverId)
  const number = layout.shuffle?.(lease) ?? lease
  for (let i = 0; i < layout.leaseBytes; i++) {
    prefix[layout.serverId.length + i] = (number / 2 ** (8 * (layout.leaseBytes - 1 - i))) & 0xff
  }
  return prefix
}

/** Hands out lease numbers. Constant time; memory grows with the leases that wait to be free again. */
export class ExtranonceLeases {
  readonly #capacity: number
  #fresh = 0
  /** Given back, oldest first, with the last job that may have used them; usable once every job up to it is dead. */
  readonly #resting = new Map<number, number>()

  /** @param capacity how many leases the space holds: 256^leaseBytes. */
  constructor(capacity: number) {
    this.#capacity = capacity
  }

  /**
   * Whether there is a lease that no live job uses.
   * @param oldestLiveJob order of the oldest job for which shares are still credited.
   */
  has(oldestLiveJob: number): boolean {
    return this.#fresh < this.#capacity || this.#rested(oldestLiveJob) !== undefined
  }

  /** A lease that no live job uses, or undefined when all are used. */
  take(oldestLiveJob: number): number | undefined {
    const rested = this.#rested(oldestLiveJob)
    if (rested === undefined) return this.#fresh < this.#capacity ? this.#fresh++ : undefined
    this.#resting.delete(rested)
    return rested
  }

  /** Gives a lease back. `lastJob`: the order of the newest job that may have used it, never less than before. */
  release(lease: number, lastJob: number): void {
    this.#resting.set(lease, lastJob)
  }

  /** Takes a resting lease for the channel that held it before; false when another channel has it. */
  reclaim(lease: number): boolean {
    return this.#resting.delete(lease)
  }

  /** The lease that has rested longest, when its jobs are dead. */
  #rested(oldestLiveJob: number): number | undefined {
    for (const [lease, lastJob] of this.#resting) return lastJob < oldestLiveJob ? lease : undefined
    return undefined
  }
}
