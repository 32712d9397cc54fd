import { u16, type Wire } from '@sv2/codec'

/** What a client that names no number of sigops is taken to need. docs/wire.md C-17. */
export const DEFAULT_MAX_ADDITIONAL_SIGOPS = 400

/** The last field of CoinbaseOutputConstraints; older clients leave it out. */
export const sigopsOrDefault: Wire<number> = {
  ...u16,
  read: (from) => (from.remaining === 0 ? DEFAULT_MAX_ADDITIONAL_SIGOPS : u16.read(from)),
}
