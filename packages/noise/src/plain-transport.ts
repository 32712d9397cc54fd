import { checkWholeFrame, type Transport } from './transport.ts'

/**
 * No encryption: frames as they are, for local networks (docs/wire.md §3.4). The same in both editions.
 */
export function plainTransport(): Transport {
  return {
    seal: joinFrames,
    open: (chunk) => (chunk.length === 0 ? [] : [asPlainView(chunk)]),
    // It keeps nothing: the frame splitter holds the limit on their size.
    takeAtMost: () => undefined,
    heldBytes: 0,
  }
}

/**
 * The same bytes without a subclass: `slice` of a Node Buffer does not copy, and readers rely on that it
 * does.
 */
function asPlainView(chunk: Uint8Array): Uint8Array {
  return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength)
}

function joinFrames(frames: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const frame of frames) {
    checkWholeFrame(frame)
    length += frame.length
  }
  const out = new Uint8Array(length)
  let at = 0
  for (const frame of frames) {
    out.set(frame, at)
    at += frame.length
  }
  return out
}
