import type { WirePeer } from '@sv2/sim'

/** What has arrived, in order. */
export const types = (peer: WirePeer): string[] => peer.received().map(({ type }) => type)
