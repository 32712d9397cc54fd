import { Writer } from './cursor.ts'
import { CodecError } from './errors.ts'
import type { Wire } from './wire.ts'

/** Bytes of a frame header. */
export const HEADER_SIZE = 6

/** The longest payload a header can announce, in bytes. */
export const MAX_PAYLOAD_SIZE = 0xff_ffff

const CHANNEL_MSG = 0x8000

/** What stands before a payload. docs/wire.md §3.1. */
export interface FrameHeader {
  /** Extension id, the low 15 bits; 0 for the core protocol. */
  readonly extensionType: number
  /** Bit 15: the payload begins with a channel id. */
  readonly channelMsg: boolean
  /** Number of the message inside its extension. */
  readonly msgType: number
  /** Payload bytes, header not counted. */
  readonly payloadLength: number
}

/** One message as it travels. `payload` may be a view into the chunk it came in; copy to keep. */
export interface Frame {
  readonly extensionType: number
  readonly channelMsg: boolean
  readonly msgType: number
  readonly payload: Uint8Array
}

/** Reads the header at `at`. @throws {CodecError} truncated */
export function decodeHeader(bytes: Uint8Array, at = 0): FrameHeader {
  if (bytes.length - at < HEADER_SIZE) {
    throw new CodecError('truncated', `a header has ${HEADER_SIZE} bytes, ${bytes.length - at} left`)
  }
  const extension = bytes[at]! | (bytes[at + 1]! << 8)
  return {
    extensionType: extension & ~CHANNEL_MSG,
    channelMsg: (extension & CHANNEL_MSG) !== 0,
    msgType: bytes[at + 2]!,
    payloadLength: bytes[at + 3]! | (bytes[at + 4]! << 8) | (bytes[at + 5]! << 16),
  }
}

/** The six bytes of a header. @throws {CodecError} out-of-range, over-long */
export function encodeHeader(header: FrameHeader): Uint8Array {
  const bytes = new Uint8Array(HEADER_SIZE)
  putHeader(bytes, header, header.payloadLength)
  return bytes
}

/** A whole frame around a payload. @throws {CodecError} out-of-range, over-long */
export function encodeFrame(header: Omit<FrameHeader, 'payloadLength'>, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEADER_SIZE + payload.length)
  putHeader(bytes, header, payload.length)
  bytes.set(payload, HEADER_SIZE)
  return bytes
}

// one buffer for all frames in the making: a fresh one per message doubled the cost of short messages
const workbench = new Writer(4096)

/**
 * A whole frame around `value` as `wire` writes it, followed by the bytes of `tail` if any.
 * @throws {CodecError} when the value does not fit its type, or the payload no frame
 */
export function encodeFrameOf<T>(
  header: Omit<FrameHeader, 'payloadLength'>,
  wire: Wire<T>,
  value: T,
  tail?: Uint8Array,
): Uint8Array {
  workbench.reset()
  workbench.take(HEADER_SIZE)
  wire.write(workbench, value)
  if (tail !== undefined) workbench.put(tail)
  const payloadLength = workbench.length - HEADER_SIZE
  putHeader(workbench.bytes, header, payloadLength)
  return workbench.finish()
}

function putHeader(
  bytes: Uint8Array,
  { extensionType, channelMsg, msgType }: Omit<FrameHeader, 'payloadLength'>,
  payloadLength: number,
): void {
  if (!isUint(extensionType, 0x7fff)) throw new CodecError('out-of-range', `extension_type ${extensionType}`)
  if (!isUint(msgType, 0xff)) throw new CodecError('out-of-range', `msg_type ${msgType}`)
  if (!isUint(payloadLength, MAX_PAYLOAD_SIZE))
    throw new CodecError('over-long', `payload of ${payloadLength} bytes`)
  const extension = channelMsg ? extensionType | CHANNEL_MSG : extensionType
  bytes[0] = extension
  bytes[1] = extension >>> 8
  bytes[2] = msgType
  bytes[3] = payloadLength
  bytes[4] = payloadLength >>> 8
  bytes[5] = payloadLength >>> 16
}

function isUint(value: number, max: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= max
}
