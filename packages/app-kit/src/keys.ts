import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import {
  type AuthorityKeyPair,
  certificatesOf,
  decodeSecretKey,
  encodeSecretKey,
  makeAuthorityKeyPair,
  makeKeyPair,
  type NoiseDeps,
  NoiseError,
  type ServerIdentity,
  signingIdentity,
  suiteOf,
} from '@sv2/noise'
import { type EditionName, type SafeWriter, writeFileSafely } from '@sv2/runtime'
import { ConfigError } from './config/problems.ts'

/** Where a server's authority key comes from. */
export interface KeySettings {
  /** Folder for keys made on the first start. */
  readonly dataDir: string
  /** File with the secret, base58check; undefined: the data folder's own, made when missing. */
  readonly secretKeyFile: string | undefined
  /** How long each certificate is good for. */
  readonly certValiditySeconds: number
  /** Writes the file of a new key; `writeFileSafely` when missing. */
  readonly write?: SafeWriter
}

/** A server's identity, and the key to hand out. */
export interface LoadedIdentity {
  readonly identity: ServerIdentity
  /** The authority's public key, 32 bytes: what clients are configured with. */
  readonly authorityKey: Uint8Array
  /** The file was made just now. */
  readonly made: boolean
}

/** The file that holds the authority secret of an edition. */
export function keyFile(dataDir: string, edition: EditionName): string {
  return join(dataDir, `authority-${edition}.key`)
}

/**
 * Loads the authority key of an edition, or makes it on the first start (mode 0600). The static key is new with
 * each start; certificates are signed as they are needed.
 * @throws {ConfigError} for a file that cannot be read or does not hold a key
 */
export async function loadIdentity(
  edition: EditionName,
  settings: KeySettings,
  noise: NoiseDeps,
): Promise<LoadedIdentity> {
  const file = settings.secretKeyFile ?? keyFile(settings.dataDir, edition)
  const made = settings.secretKeyFile === undefined && !existsSync(file)
  const secret = made ? (await makeKeyFile(file, edition, noise, settings.write)).secret : readKeyFile(file)
  const scheme = certificatesOf(edition, noise.backend)
  if (!scheme.isSecret(secret)) throw keyProblem(file, `holds no secret key of edition ${edition}`)
  const identity = signingIdentity(
    {
      scheme,
      staticPair: makeKeyPair(suiteOf(edition, noise.backend), noise.randomBytes),
      authoritySecret: secret,
      validitySeconds: settings.certValiditySeconds,
    },
    noise,
  )
  return { identity, authorityKey: scheme.authorityKey(secret), made }
}

/** Makes an authority key and writes its secret to a new file, readable by its owner alone. */
export async function makeKeyFile(
  file: string,
  edition: EditionName,
  noise: NoiseDeps,
  write?: SafeWriter,
): Promise<AuthorityKeyPair> {
  const pair = makeAuthorityKeyPair(certificatesOf(edition, noise.backend), noise.randomBytes)
  await writeNewSecret(file, encodeSecretKey(pair.secret), write)
  return pair
}

/** Writes a secret to a file of its own, readable by its owner alone. @throws when there is such a file */
export async function writeNewSecret(
  file: string,
  secret: string,
  write: SafeWriter = writeFileSafely,
): Promise<void> {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  if (existsSync(file)) throw new Error(`EEXIST: ${file} is there, and secrets are not overwritten`)
  await write(file, `${secret}\n`)
}

/** The secret in a key file. @throws {ConfigError} */
export function readKeyFile(file: string): Uint8Array {
  let text: string
  try {
    text = readFileSync(file, 'utf8').trim()
  } catch (error) {
    throw keyProblem(file, `cannot be read: ${(error as Error).message}`)
  }
  if (text === '')
    throw keyProblem(file, 'is empty; remove it, and a server makes a new key in its data folder')
  try {
    return decodeSecretKey(text)
  } catch (error) {
    if (!(error instanceof NoiseError)) throw error
    throw keyProblem(file, `is not a secret key: ${error.message}`)
  }
}

function keyProblem(file: string, message: string): ConfigError {
  return new ConfigError([{ key: 'authority_secret_key_file', value: file, message }])
}
