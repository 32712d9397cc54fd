import { b0_64k, b32, bool, seq0_255, u8, u32, u256, type Wire } from '@sv2/codec'
import { declarations } from '../declaration.ts'

const { channelMessage } = declarations('mining')

/** 32 bytes; some peers put the length 0x20 in front, recognised by the payload's end. docs/wire.md O-03. */
const merkleRoot: Wire<Uint8Array> = {
  ...b32,
  read(from) {
    if (from.remaining === 33 && from.bytes[from.offset] === 0x20) u8.read(from)
    return b32.read(from)
  },
}

/** The same, written with the length in front, as the reference implementation of 2022 reads it. */
const merkleRootOf2022: Wire<Uint8Array> = {
  ...merkleRoot,
  minSize: 1 + b32.minSize,
  write(out, value) {
    u8.write(out, value.length)
    b32.write(out, value)
  },
}

const head = {
  channelId: u32,
  jobId: u32,
  /** True: parked until SetNewPrevHash names it. The opposite sense of an OPTION prefix. */
  futureJob: bool,
  version: u32,
}

export const newMiningJob = channelMessage('NewMiningJob', 0x1e, 'to-client', { ...head, merkleRoot })

export const newMiningJobOf2022 = channelMessage('NewMiningJob', 0x1e, 'to-client', {
  ...head,
  merkleRoot: merkleRootOf2022,
})

export const newExtendedMiningJob = channelMessage('NewExtendedMiningJob', 0x1f, 'to-client', {
  channelId: u32,
  jobId: u32,
  futureJob: bool,
  version: u32,
  versionRollingAllowed: bool,
  merklePath: seq0_255(u256),
  coinbaseTxPrefix: b0_64k,
  coinbaseTxSuffix: b0_64k,
})
