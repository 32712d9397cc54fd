import { reachableAt } from '@sv2/app-kit'

/** What to type into a miner. */
export interface MinerUrls {
  /** Of Stratum V1, one for each network this machine is in. */
  readonly v1: readonly string[]
  /** Of Stratum V2, with the authority key. */
  readonly v2: readonly string[]
}

/**
 * The URLs of a server's doors as miners of each network reach them.
 * @param urls of the doors, each with the first of these addresses
 * @param hosts that the doors listen on
 */
export function minerUrls(urls: readonly string[], hosts: readonly string[]): MinerUrls {
  const all = urls.flatMap((url) => {
    const others = hosts.map(reachableAt).find(([first = '']) => url.includes(`//${first}:`)) ?? []
    const [first = '', ...rest] = others
    return [url, ...rest.map((other) => url.replace(`//${first}:`, `//${other}:`))]
  })
  return {
    v1: all.filter((url) => /^stratum\+(tcp|ssl):/.test(url)),
    v2: all.filter((url) => url.startsWith('stratum2+tcp:')),
  }
}
