import { expect } from 'vitest'
import { CodecError, type CodecErrorCode, Reader, type Wire, Writer } from './index.ts'

/** Bytes of a hex string. */
export function unhex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}

/** Lower-case hex of bytes. */
export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** What a type writes, in hex. */
export function written<T>(wire: Wire<T>, value: T): string {
  const out = new Writer(1)
  wire.write(out, value)
  return hex(out.finish())
}

/** What a type reads from hex, which it must use up. */
export function readFrom<T>(wire: Wire<T>, text: string): T {
  const from = new Reader(unhex(text))
  const value = wire.read(from)
  expect(from.remaining).toBe(0)
  return value
}

/** The CodecError a step throws. */
export function refusal(step: () => unknown): CodecError {
  try {
    step()
  } catch (error) {
    if (error instanceof CodecError) return error
    throw error
  }
  throw new Error('nothing was refused')
}

/** Expects a CodecError with this code. */
export function expectRefusal(step: () => unknown, code: CodecErrorCode): void {
  expect(refusal(step).code).toBe(code)
}
