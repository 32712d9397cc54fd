import { scriptToAddress } from '@sv2/bitcoin'

/** A regtest address without an owner: the demo's coins are worth nothing. */
export const POOL_ADDRESS = 'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202'

/** The address of the n-th account of the demo, from 1 on; it has no owner either. */
export function accountAddress(n: number): string {
  return scriptToAddress(Uint8Array.of(0, 20, ...new Array<number>(20).fill(n)), 'regtest') ?? ''
}

/** Where the farm is paid, by its own jobs and by the pool. */
export const FARM_ADDRESS: string = accountAddress(200)
