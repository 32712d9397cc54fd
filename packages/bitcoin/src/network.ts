/** The Bitcoin network something belongs to. `testnet` is testnet3; testnet4 shares its address formats. */
export type Network = 'mainnet' | 'testnet' | 'testnet4' | 'signet' | 'regtest'

/** What differs between networks, as far as mining cares. */
export type NetworkParams = {
  readonly network: Network
  /** What `getblockchaininfo` calls it. */
  readonly chain: string
  /** Human-readable part of its bech32 addresses. */
  readonly bech32: string
  /** Base58 version bytes of P2PKH and P2SH addresses. */
  readonly pubKeyHash: number
  readonly scriptHash: number
  /** Blocks between two halvings of the subsidy. */
  readonly halvingInterval: number
  /** Easiest target allowed, in compact form. */
  readonly powLimitNbits: number
}

const TEST_FORMATS = { bech32: 'tb', pubKeyHash: 0x6f, scriptHash: 0xc4 } as const

/** The parameters of every network, as in Bitcoin Core's `kernel/chainparams.cpp`. */
export const NETWORKS: Readonly<Record<Network, NetworkParams>> = {
  mainnet: {
    network: 'mainnet',
    chain: 'main',
    bech32: 'bc',
    pubKeyHash: 0x00,
    scriptHash: 0x05,
    halvingInterval: 210_000,
    powLimitNbits: 0x1d00ffff,
  },
  testnet: {
    network: 'testnet',
    chain: 'test',
    ...TEST_FORMATS,
    halvingInterval: 210_000,
    powLimitNbits: 0x1d00ffff,
  },
  testnet4: {
    network: 'testnet4',
    chain: 'testnet4',
    ...TEST_FORMATS,
    halvingInterval: 210_000,
    powLimitNbits: 0x1d00ffff,
  },
  signet: {
    network: 'signet',
    chain: 'signet',
    ...TEST_FORMATS,
    halvingInterval: 210_000,
    powLimitNbits: 0x1e0377ae,
  },
  regtest: {
    network: 'regtest',
    chain: 'regtest',
    ...TEST_FORMATS,
    bech32: 'bcrt',
    halvingInterval: 150,
    powLimitNbits: 0x207fffff,
  },
}

/** The network a node names in `getblockchaininfo.chain`; undefined for an unknown name. */
export function networkOfChain(chain: string): Network | undefined {
  return Object.values(NETWORKS).find((params) => params.chain === chain)?.network
}

/** New coins, in satoshi, that the coinbase of this height may create besides the fees. @throws {RangeError} on no height. */
export function blockSubsidy(height: number, network: Network): bigint {
  if (!Number.isInteger(height) || height < 0) throw new RangeError(`no block height: ${height}`)
  const halvings = Math.floor(height / NETWORKS[network].halvingInterval)
  return halvings >= 64 ? 0n : 5_000_000_000n >> BigInt(halvings)
}
