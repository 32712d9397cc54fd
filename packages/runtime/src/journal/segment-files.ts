import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { SEGMENT_HEADER_SIZE } from '@sv2/journal'

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

/** A segment is there, with its header: while that is written, it is not. */
export function isSegment(path: string): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) >= SEGMENT_HEADER_SIZE
}
