import { randomBytes as nodeRandomBytes } from 'node:crypto'

/** Bytes nobody can guess, from the operating system. */
export function randomBytes(length: number): Uint8Array {
  return nodeRandomBytes(length)
}
