import { AddressError, addressToScript, type Network } from '@sv2/bitcoin'

/** What is wrong with an address on this network, in words for the operator; undefined when nothing is. */
export function addressProblem(address: string, network: Network): string | undefined {
  try {
    addressToScript(address, network)
    return undefined
  } catch (error) {
    if (!(error instanceof AddressError)) throw error
    return error.message
  }
}

/** What is wrong with where a pool is paid to; in mode solo miners bring their own addresses. */
export function payoutProblem(
  { mode, address }: { readonly mode: 'pool' | 'solo'; readonly address?: string | undefined },
  network: Network,
): string | undefined {
  if (mode === 'solo') return undefined
  return address === undefined ? 'is required in mode pool' : addressProblem(address, network)
}
