/**
 * What one SubmitSharesExtended costs, microseconds each way, best of five rounds.
 * Run: `node --conditions @sv2/source --import tsx packages/codec/bench/struct.bench.ts`
 */
import { b0_32, encodeFrameOf, Reader, struct, u32, type ValueOf } from '../src/index.ts'

const wire = struct(
  {
    channelId: u32,
    sequenceNumber: u32,
    jobId: u32,
    nonce: u32,
    ntime: u32,
    version: u32,
    extranonce: b0_32,
  },
  { type: 'SubmitSharesExtended' },
)

const share: ValueOf<typeof wire> = {
  type: 'SubmitSharesExtended',
  channelId: 1,
  sequenceNumber: 2,
  jobId: 3,
  nonce: 0x11223344,
  ntime: 0x65a0b0c0,
  version: 0x20000000,
  extranonce: Uint8Array.of(0xde, 0xad, 0xbe, 0xef, 0, 0, 0, 0),
}
const header = { extensionType: 0, channelMsg: true, msgType: 0x1b }
const payload = encodeFrameOf(header, wire, share).subarray(6)
const ROUND = 200_000

let consumed = 0
const encode = () => {
  consumed += encodeFrameOf(header, wire, share).length
}
const decode = () => {
  consumed += wire.read(new Reader(payload)).nonce
}

for (const [name, step] of [
  ['encode', encode],
  ['decode', decode],
] as const) {
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < 5; round++) {
    const start = performance.now()
    for (let index = 0; index < ROUND; index++) step()
    best = Math.min(best, ((performance.now() - start) * 1000) / ROUND)
  }
  console.log(`${name} SubmitSharesExtended: ${best.toFixed(3)} µs`)
}
console.log(`consumed ${consumed}`)
