import type { WirePeer } from './wire-link.ts'

/** What has arrived, in order. */
export const types = (peer: WirePeer): string[] => peer.received().map(({ type }) => type)
