import { randomBytes as nodeRandomBytes } from 'node:crypto'

/** Unpredictable bytes, from the operating system. */
export function randomBytes(length: number): Uint8Array {
  return nodeRandomBytes(length)
}
