import { readdirSync } from 'node:fs'
import { join } from 'node:path'

const NAME = /^(\d{8})\.journal$/

/** Where a segment of a journal stands. */
export function segmentPath(folder: string, number: number): string {
  return join(folder, `${String(number).padStart(8, '0')}.journal`)
}

/** Numbers of the segments in a folder, in order; none when the folder is missing. */
export function segmentNumbers(folder: string): number[] {
  try {
    return readdirSync(folder)
      .flatMap((name) => NAME.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => a - b)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
