import { existsSync, mkdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { keyFile, makeKeyFile, makeTokenKeyFile, readKeyFile } from '@sv2/app-kit'
import { certificatesOf, encodeAuthorityKey } from '@sv2/noise'
import { type EditionName, systemNoise, writeFileSafely } from '@sv2/runtime'

/** The key of one server of a stack. */
export interface EnsuredKey {
  /** Name of the server: that of its data folder. */
  readonly name: string
  /** Its authority key, base58check. */
  readonly key: string
  /** There was none before. */
  readonly made: boolean
}

/**
 * Sees to it that every server has the authority key it would make at its first start, and writes the public half to a
 * file of its own. What is there already stays; a second run changes nothing.
 */
export async function ensureKeys(
  folders: readonly string[],
  how: { readonly public: string; readonly token?: string | undefined; readonly edition: EditionName },
): Promise<EnsuredKey[]> {
  mkdirSync(how.public, { recursive: true })
  if (how.token !== undefined && !existsSync(how.token)) await makeTokenKeyFile(how.token)
  const keys: EnsuredKey[] = []
  for (const folder of folders) {
    const name = basename(folder)
    const file = keyFile(folder, how.edition)
    const made = !existsSync(file)
    if (made) await makeKeyFile(file, how.edition, systemNoise)
    const authorityKey = certificatesOf(how.edition, systemNoise.backend).authorityKey(readKeyFile(file))
    const key = encodeAuthorityKey({ edition: how.edition, key: authorityKey })
    await writeFileSafely(join(how.public, `${name}.pub`), `${key}\n`, { mode: 0o644 })
    keys.push({ name, key, made })
  }
  return keys
}
