import { createHmac, randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TokenMac } from '@sv2/roles/custom-jobs'
import type { SafeWriter } from '@sv2/runtime'
import { ConfigError } from './config/problems.ts'
import { writeNewSecret } from './keys.ts'

const KEY_SIZE = 32

/** The key of mining job tokens, and how it came to be. */
export interface LoadedTokenKey {
  readonly mac: TokenMac
  readonly file: string
  /** The file was made just now. */
  readonly made: boolean
}

/**
 * Loads the key that a job negotiator server and its pool share, or makes it on the first start.
 * @param file undefined: the data folder's own, made when missing
 * @throws {ConfigError} for a file that cannot be read or holds no key
 */
export async function loadTokenKey(
  dataDir: string,
  file: string | undefined,
  write?: SafeWriter,
): Promise<LoadedTokenKey> {
  const path = file ?? join(dataDir, 'token.key')
  const made = file === undefined && !existsSync(path)
  if (made) await makeTokenKeyFile(path, write)
  return { mac: tokenMac(readTokenKey(path)), file: path, made }
}

/** Writes a new token key to a new file, readable by its owner alone. */
export async function makeTokenKeyFile(file: string, write?: SafeWriter): Promise<void> {
  await writeNewSecret(file, randomBytes(KEY_SIZE).toString('hex'), write)
}

/** Authenticates tokens by HMAC-SHA-256 (RFC 2104). */
export function tokenMac(key: Uint8Array): TokenMac {
  return (bytes) => createHmac('sha256', key).update(bytes).digest()
}

function readTokenKey(file: string): Uint8Array {
  let text: string
  try {
    text = readFileSync(file, 'utf8').trim()
  } catch (error) {
    throw keyProblem(file, `cannot be read: ${(error as Error).message}`)
  }
  if (!/^[0-9a-f]{64}$/i.test(text)) throw keyProblem(file, 'is not a token key: 64 hex digits are wanted')
  return Buffer.from(text, 'hex')
}

function keyProblem(file: string, message: string): ConfigError {
  return new ConfigError([{ key: 'token_key_file', value: file, message }])
}
