export { type PeerOptions, type SessionRole, WireLink, WirePeer } from './wire-link.ts'
