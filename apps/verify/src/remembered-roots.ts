import { existsSync, readFileSync } from 'node:fs'
import { writeFileSafelySync } from '@sv2/runtime'
import type { Findings } from './findings.ts'
import type { ToldSegment } from './pool-source.ts'

export const REWRITTEN =
  'The pool has changed its journal: a segment is not what it was when you looked before.'

/** Chained roots by segment, as an earlier run saw them. */
interface Remembered {
  readonly poolId: string
  readonly roots: Readonly<Record<string, string>>
}

/** Compares segments with those that an earlier run saw, and remembers them. */
export function compareRemembered(file: string, segments: readonly ToldSegment[], findings: Findings): void {
  const before: Remembered | undefined = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined
  const poolId = segments[0]?.pool_id ?? ''
  const roots: Record<string, string> = {}
  for (const { number, chained_root } of segments) if (chained_root !== null) roots[number] = chained_root
  if (before !== undefined && before.poolId !== poolId)
    findings.broken(REWRITTEN, 'this is the journal of another pool, or one that was begun anew')
  else
    for (const [number, root] of Object.entries(before?.roots ?? {})) {
      const now = roots[number]
      if (now === undefined) findings.broken(REWRITTEN, `segment ${number} is gone`)
      else if (now !== root)
        findings.broken(REWRITTEN, `segment ${number} had the chained root ${root}, and has ${now}`)
    }
  if (findings.areAllWhole(REWRITTEN)) {
    if (before !== undefined)
      findings.holds(`The ${Object.keys(before.roots).length} segments that you saw before are unchanged.`)
    writeFileSafelySync(file, `${JSON.stringify({ poolId, roots })}\n`)
  }
}
