import { expect, test } from 'vitest'
import { BIP54_COINBASE_SEQUENCE, bip54CoinbaseLocktime } from './bip54.ts'
import { blockSubsidy, NETWORKS, networkOfChain } from './network.ts'
import { nbitsToTarget, targetToNbits } from './target.ts'

test.each([
  ['mainnet', 0, 5_000_000_000n],
  ['mainnet', 209_999, 5_000_000_000n],
  ['mainnet', 210_000, 2_500_000_000n],
  ['mainnet', 840_000, 312_500_000n],
  ['mainnet', 33 * 210_000, 0n],
  ['mainnet', 64 * 210_000, 0n],
  ['regtest', 149, 5_000_000_000n],
  ['regtest', 150, 2_500_000_000n],
] as const)('the subsidy on %s at %i is %d', (network, height, subsidy) => {
  expect(blockSubsidy(height, network)).toBe(subsidy)
})

test('a network is found by the name a node gives it', () => {
  expect(['main', 'test', 'testnet4', 'signet', 'regtest'].map(networkOfChain)).toEqual(Object.keys(NETWORKS))
  expect(networkOfChain('liquid')).toBeUndefined()
})

test('every proof-of-work limit is a canonical target', () => {
  for (const { powLimitNbits } of Object.values(NETWORKS)) {
    expect(targetToNbits(nbitsToTarget(powLimitNbits))).toBe(powLimitNbits)
  }
})

test('a coinbase under BIP 54 is locked to the height before its own', () => {
  expect(bip54CoinbaseLocktime(100)).toBe(99)
  expect(BIP54_COINBASE_SEQUENCE).not.toBe(0xffffffff)
  expect(() => bip54CoinbaseLocktime(0)).toThrow(RangeError)
  expect(() => blockSubsidy(-1, 'mainnet')).toThrow(RangeError)
})
