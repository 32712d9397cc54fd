import { createHmac, randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { TokenMac } from '@sv2/roles/negotiator'
import { ConfigError } from './config/problems.ts'

/** Bytes of the key that a pool and its negotiator servers share. */
const KEY_SIZE = 32

/**
 * The key in a file, as 64 hexadecimal digits; made on the first start, readable by its owner alone.
 * @throws {ConfigError} for a file that cannot be read or made, or is no key
 */
export function loadTokenKey(file: string): Uint8Array {
  try {
    if (!existsSync(file)) {
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
      writeFileSync(file, `${randomBytes(KEY_SIZE).toString('hex')}\n`, { mode: 0o600, flag: 'wx' })
      chmodSync(file, 0o600)
    }
    const text = readFileSync(file, 'utf8').trim()
    if (/^[0-9a-fA-F]{64}$/.test(text)) return new Uint8Array(Buffer.from(text, 'hex'))
  } catch (error) {
    throw keyProblem(file, `cannot be read: ${(error as Error).message}`)
  }
  throw keyProblem(file, `is no key of ${KEY_SIZE} bytes in hexadecimal digits`)
}

/** Authenticates tokens with a key: HMAC-SHA-256. */
export function tokenMac(key: Uint8Array): TokenMac {
  return (bytes) => new Uint8Array(createHmac('sha256', key).update(bytes).digest())
}

function keyProblem(file: string, message: string): ConfigError {
  return new ConfigError([{ key: 'token_key_file', value: file, message }])
}
