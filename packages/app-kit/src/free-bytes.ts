import { statfsSync } from 'node:fs'

/** Bytes that are free on the disk of a folder; undefined where that is not known: the folder may be made later. */
export function freeBytes(folder: string): number | undefined {
  try {
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize
  } catch {
    return undefined
  }
}
