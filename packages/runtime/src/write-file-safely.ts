import { closeSync, fchmodSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import * as fs from 'node:fs/promises'
import { dirname } from 'node:path'

/** What is asked of the disk; that of Node, but for tests of a full one. */
export type Disk = Pick<typeof fs, 'open' | 'rename' | 'rm'>

/** How a file is written. */
export interface SafeWriting {
  /** Who may read it; 0600: its owner alone. */
  readonly mode?: number
  readonly disk?: Disk
}

/** Writes a file so that it is whole or not there: what `writeFileSafely` does, perhaps on another disk. */
export type SafeWriter = (path: string, content: string | Uint8Array, writing?: SafeWriting) => Promise<void>

/**
 * Writes a file as a whole: aside, flushed, renamed, and its folder flushed. After a crash, or on a full disk, there is
 * what was there before, or all of the new content; when this resolves, a loss of power does not undo it. One writer at
 * a time for one path.
 * @throws the disk's error; a rest of the attempt is removed, or overwritten by the next
 */
export const writeFileSafely: SafeWriter = async (path, content, { mode = 0o600, disk = fs } = {}) => {
  const aside = `${path}.part`
  try {
    const file = await disk.open(aside, 'w', mode)
    try {
      // One that a crash has left may have another mode.
      await file.chmod(mode)
      await file.writeFile(content)
      await file.sync()
    } finally {
      await file.close()
    }
    await disk.rename(aside, path)
  } catch (error) {
    await disk.rm(aside, { force: true }).catch(() => {
      // The first error says more, and the rest is overwritten by the next attempt.
    })
    throw error
  }
  await flushFolder(dirname(path), disk)
}

/** The same, done when it returns: for what must be safe before anything else happens. */
export function writeFileSafelySync(path: string, content: string | Uint8Array): void {
  const aside = `${path}.part`
  try {
    const file = openSync(aside, 'w', 0o600)
    try {
      fchmodSync(file, 0o600)
      writeFileSync(file, content)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(aside, path)
  } catch (error) {
    rmSync(aside, { force: true })
    throw error
  }
  if (process.platform === 'win32') return
  const folder = openSync(dirname(path), 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

/** A new name in a folder is safe once the folder is flushed; Windows has no such call. */
export async function flushFolder(path: string, disk: Disk = fs): Promise<void> {
  if (process.platform === 'win32') return
  const folder = await disk.open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
