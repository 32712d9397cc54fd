export { Reader, Writer } from './cursor.ts'
export { CodecError, type CodecErrorCode, inField } from './errors.ts'
export {
  decodeHeader,
  encodeFrame,
  encodeFrameOf,
  encodeHeader,
  type Frame,
  type FrameHeader,
  HEADER_SIZE,
  MAX_PAYLOAD_SIZE,
} from './frame.ts'
export { option } from './option.ts'
export {
  b8,
  b32,
  bool,
  f32,
  fixed,
  getUint32,
  putUint32,
  u8,
  u16,
  u24,
  u32,
  u64,
  u256,
} from './primitives.ts'
export { seq0_64k, seq0_255 } from './sequence.ts'
export { b0_16m, b0_31, b0_32, b0_64k, b0_255, bytes, str0_32, str0_255 } from './sized.ts'
export { FrameSplitter } from './splitter.ts'
export { type Fields, type StructOf, struct } from './struct.ts'
export { decodeText, encodeText } from './text.ts'
export { decodeTlvs, encodeTlv, encodeTlvs, findTlvs, type Tlv, type TlvByteOrder } from './tlv.ts'
export type { ValueOf, Wire } from './wire.ts'
