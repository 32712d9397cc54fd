import type { Room } from '@sv2/roles/ground'
import { struct, type Value, words } from './capnp-build.ts'
import type { StructReader } from './capnp-read.ts'
import type { Method } from './rpc-messages.ts'

/**
 * What is called of Bitcoin Core's interfaces, with the numbers that they have in its files src/ipc/capnp/{init,mining,rpc}.capnp
 * and mp/proxy.capnp since Core 32.
 */
const INTERFACES = {
  Init: { id: 0x8838c700ba5cba65n, methods: { construct: 0, makeMining: 3, makeRpc: 4 } },
  ThreadMap: { id: 0xee5e37179ad9dc9dn, methods: { makeThread: 0 } },
  Mining: {
    id: 0xf9c68436df3af39en,
    methods: { getTip: 2, waitTipChanged: 3, createNewBlock: 4, interrupt: 6 },
  },
  BlockTemplate: {
    id: 0xf9671ad841b2f622n,
    methods: {
      getBlockHeader: 1,
      getBlock: 2,
      getCoinbaseTx: 5,
      getCoinbaseMerklePath: 6,
      waitNext: 8,
    },
  },
  Rpc: { id: 0xacb1d37f0a713129n, methods: { executeRpc: 0 } },
} as const

type Interfaces = typeof INTERFACES

/** A method by its names in Core's files. */
export function method<I extends keyof Interfaces>(
  on: I,
  name: keyof Interfaces[I]['methods'] & string,
): Method {
  const { id, methods } = INTERFACES[on]
  const numbers: Readonly<Record<string, number>> = methods
  return { interfaceId: id, methodId: numbers[name]!, name: `${on}.${name}` }
}

/** A node's newest block. */
export interface BlockRef {
  /** Header byte order. */
  readonly hash: Uint8Array
  readonly height: number
}

/** All of a coinbase but the outputs of the miner. */
export interface CoinbaseParts {
  readonly version: number
  readonly sequence: number
  readonly locktime: number
  /** Beginning of the input's script. */
  readonly scriptPrefix: Uint8Array
  /** The only element of the input's witness; empty where the coinbase has no witness. */
  readonly witness: Uint8Array
  /** Satoshi, for the outputs of the miner. */
  readonly value: bigint
  /** Serialized; the last outputs of the coinbase. */
  readonly outputs: readonly Uint8Array[]
}

/** Members are stored as what they differ from their defaults, so that all zeros are the defaults. */
const DEFAULTS = {
  weight: 8_000n,
  sigops: 400n,
  timeoutMs: Number.MAX_VALUE,
  feeThreshold: 2_100_000_000_000_000n,
}

/** BlockCreateOptions. */
export function createOptions(room: Room, { useMempool }: { readonly useMempool: boolean }): Value {
  return struct(
    words(3, (view) => {
      view.setUint8(0, useMempool ? 0 : 1)
      view.setBigUint64(8, BigInt(room.weight) ^ DEFAULTS.weight, true)
      view.setBigUint64(16, BigInt(room.sigops) ^ DEFAULTS.sigops, true)
    }),
  )
}

/** BlockWaitOptions. @param feeThreshold satoshi by which the fees rise */
export function waitOptions(timeoutMs: number, feeThreshold: bigint): Value {
  return struct(
    words(2, (view) => {
      setTimeoutMs(view, timeoutMs)
      view.setBigInt64(8, feeThreshold ^ DEFAULTS.feeThreshold, true)
    }),
  )
}

/** A number of milliseconds in the first word, whose default is the greatest there is. */
export function setTimeoutMs(view: DataView, timeoutMs: number): void {
  view.setFloat64(0, timeoutMs, true)
  const bits = view.getBigUint64(0, true)
  view.setFloat64(0, DEFAULTS.timeoutMs, true)
  view.setBigUint64(0, bits ^ view.getBigUint64(0, true), true)
}

/** BlockRef. */
export function readBlockRef(read: StructReader): BlockRef {
  return { hash: Uint8Array.from(read.bytes(0)), height: read.int32(0) }
}

/** CoinbaseTx. */
export function readCoinbase(read: StructReader): CoinbaseParts {
  return {
    version: read.uint32(0),
    sequence: read.uint32(4),
    locktime: read.uint32(16),
    scriptPrefix: Uint8Array.from(read.bytes(0)),
    witness: Uint8Array.from(read.bytes(1)),
    value: read.int64(8),
    outputs: read.manyBytes(2).map((output) => Uint8Array.from(output)),
  }
}
