import { networkInterfaces } from 'node:os'

/** Addresses shown, at most: machines with containers have dozens. */
const MOST = 3

/**
 * How others reach a server on this machine that listens on `host`: the host itself, and for all interfaces the addresses
 * of this machine in its networks; with none of those only itself can reach it.
 */
export function reachableAt(host: string): readonly string[] {
  if (host !== '0.0.0.0' && host !== '::') return [host]
  const addresses = Object.values(networkInterfaces())
    .flatMap((all) => all ?? [])
    .filter(({ internal, family }) => !internal && family === 'IPv4')
    .map(({ address }) => address)
  return addresses.length === 0 ? ['127.0.0.1'] : addresses.slice(0, MOST)
}
