import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A record of the journal, as far as money is concerned. Hashes and scripts in hex, as they stand in the file. */
export type Line =
  | { readonly kind: 'account'; readonly account: number; readonly name: string; readonly script: string }
  | {
      readonly kind: 'job'
      readonly time: number
      readonly distributionId: bigint
      readonly isOwn: boolean
      readonly value: bigint
    }
  | {
      readonly kind: 'share'
      readonly time: number
      readonly account: number
      readonly work: bigint
      readonly networkWork: bigint
      readonly rewardToPool: bigint
      readonly rewardTotal: bigint
      readonly distributionId: bigint
    }
  | { readonly kind: 'tip'; readonly time: number; readonly height: number }
  | {
      readonly kind: 'block'
      readonly time: number
      readonly height: number
      readonly hash: string
      readonly account: number
      readonly distributionId: bigint
      /** Nobody but the chain told of it. */
      readonly isFromChain: boolean
      readonly outputs: readonly { readonly value: bigint; readonly script: string }[]
    }
  | { readonly kind: 'chain'; readonly time: number; readonly hash: string; readonly confirmations: number }
  | {
      readonly kind: 'payment'
      readonly time: number
      readonly txid: string
      readonly paid: readonly { readonly account: number; readonly value: bigint }[]
    }
  /** From here on a name is paid to a script. */
  | {
      readonly kind: 'address'
      readonly time: number
      readonly name: string
      readonly script: string
      readonly signedAt: number
    }
  /** Terms that hold from here on, JSON. */
  | { readonly kind: 'terms'; readonly time: number; readonly text: string }
  | { readonly kind: 'other' }

const SEGMENT_HEADER = 48
const FRAME_HEADER = 17

/** All records of the journal in a folder, in their order. @throws {Error} where it is damaged */
export function readJournal(folder: string): Line[] {
  const segments = readdirSync(folder)
    .filter((name) => /^\d{8}\.journal$/.test(name))
    .sort()
    .map((name) => readFileSync(join(folder, name)))
  const firsts = segments.map((bytes) => Number(bytes.readBigUInt64LE(16)))
  return segments.flatMap((bytes, at) => readSegment(bytes, firsts[at]!, firsts[at + 1]))
}

/** @param end sequence at which the next segment begins: what stands here from it on was never acknowledged */
function readSegment(bytes: Buffer, first: number, end: number | undefined): Line[] {
  if (bytes.toString('latin1', 0, 8) !== 'SV2JOURN') throw new Error('a file that is not a segment')
  if (![1, 2].includes(bytes.readUInt16LE(8)))
    throw new Error(`a segment of version ${bytes.readUInt16LE(8)}`)
  const lines: Line[] = []
  let sequence = first
  for (let at = SEGMENT_HEADER; at + FRAME_HEADER <= bytes.length && sequence !== end; sequence++) {
    const size = bytes.readUInt32LE(at)
    const next = at + FRAME_HEADER + size
    if (next > bytes.length) break
    if (crc32c(bytes.subarray(at + 8, next)) !== bytes.readUInt32LE(at + 4))
      throw new Error(`record ${sequence} does not have its checksum`)
    if (Number(bytes.readBigUInt64LE(at + 8)) !== sequence)
      throw new Error(`record ${sequence} is not at its place`)
    lines.push(readLine(bytes.readUInt8(at + 16), new Fields(bytes.subarray(at + FRAME_HEADER, next))))
    at = next
  }
  if (end !== undefined && sequence !== end) throw new Error(`records ${sequence} to ${end - 1} are missing`)
  return lines
}

function readLine(kind: number, from: Fields): Line {
  if (kind === 1)
    return { kind: 'account', account: from.u32(), name: from.text(from.u8()), script: from.hex(from.u16()) }
  if (kind === 3) {
    from.skip(4)
    const time = from.u64()
    return {
      kind: 'job',
      time: Number(time),
      distributionId: from.u64(),
      isOwn: from.u8() === 1,
      value: from.u64(),
    }
  }
  if (kind === 4) return readShare(from)
  if (kind === 5) return { kind: 'tip', time: Number(from.u64()), height: from.u32() }
  if (kind === 6) return readBlock(from)
  if (kind === 7)
    return { kind: 'chain', time: Number(from.u64()), hash: from.hex(32), confirmations: from.u32() }
  if (kind === 8) {
    const time = Number(from.u64())
    const txid = from.hex(32)
    const paid = Array.from({ length: from.u32() }, () => ({ account: from.u32(), value: from.u64() }))
    return { kind: 'payment', time, txid, paid }
  }
  if (kind === 9) return { kind: 'terms', time: Number(from.u64()), text: from.text(from.u32()) }
  if (kind === 10)
    return {
      kind: 'address',
      time: Number(from.u64()),
      name: from.text(from.u8()),
      script: from.hex(from.u16()),
      signedAt: Number(from.u64()),
    }
  return { kind: 'other' }
}

function readShare(from: Fields): Line {
  const time = Number(from.u64())
  from.skip(4)
  const account = from.u32()
  from.skip(4)
  return {
    kind: 'share',
    time,
    account,
    work: from.u128(),
    networkWork: from.u128(),
    rewardToPool: from.u64(),
    rewardTotal: from.u64(),
    distributionId: from.u64(),
  }
}

function readBlock(from: Fields): Line {
  const time = Number(from.u64())
  const height = from.u32()
  const hash = from.hex(32)
  const account = from.u32()
  from.skip(4)
  const distributionId = from.u64()
  const outputs = outputsOf(new Fields(from.bytes(from.u32())))
  from.skip(80)
  const isFromChain = from.u8() === 1
  return { kind: 'block', time, height, hash, account, distributionId, isFromChain, outputs }
}

/** Outputs of a coinbase without witness: version, one input of 36 bytes, its script, its sequence, then the outputs. */
function outputsOf(coinbase: Fields): { value: bigint; script: string }[] {
  coinbase.skip(4 + 1 + 36)
  coinbase.skip(coinbase.compactSize() + 4)
  return Array.from({ length: coinbase.compactSize() }, () => ({
    value: coinbase.u64(),
    script: coinbase.hex(coinbase.compactSize()),
  }))
}

/** Little-endian fields one behind another. */
class Fields {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  skip(size: number): void {
    this.#at += size
  }

  bytes(size: number): Buffer {
    this.#at += size
    return this.#bytes.subarray(this.#at - size, this.#at)
  }

  u8 = () => this.bytes(1).readUInt8()
  u16 = () => this.bytes(2).readUInt16LE()
  u32 = () => this.bytes(4).readUInt32LE()
  u64 = () => this.bytes(8).readBigUInt64LE()
  u128 = () => this.u64() + this.u64() * 2n ** 64n
  hex = (size: number) => this.bytes(size).toString('hex')
  text = (size: number) => this.bytes(size).toString('utf8')

  compactSize(): number {
    const first = this.u8()
    if (first < 0xfd) return first
    return first === 0xfd ? this.u16() : this.u32()
  }
}

function crc32c(bytes: Uint8Array): number {
  let crc = 0xffff_ffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f6_3b78 : 0)
  }
  return (crc ^ 0xffff_ffff) >>> 0
}
