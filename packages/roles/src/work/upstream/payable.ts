import { fillIdentity } from '../../client/identity-template.ts'
import { wantedPayout } from './payout-check.ts'
import type { ChannelsSettings } from './settings.ts'

/**
 * Why the proxy could not see whether a miner is paid: at an upstream it would get a channel of its own, under an
 * identity without an address. Undefined when there is nothing against it. Such a miner is refused before an upstream
 * hears of it: the upstream is not to blame that the miner names no address.
 */
export function unpayable(
  {
    aggregated,
    verifyPayout,
    upstreams,
  }: Pick<ChannelsSettings, 'aggregated' | 'verifyPayout' | 'upstreams'>,
  miner: string,
): string | undefined {
  if (aggregated || verifyPayout === undefined) return undefined
  for (const { identity: template } of upstreams) {
    const identity = fillIdentity(template, miner)
    if (wantedPayout(identity, verifyPayout) === undefined)
      return `${JSON.stringify(identity.slice(0, 80))} names no address of ${verifyPayout} that could be paid`
  }
  return undefined
}
