import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Claim } from './claim.ts'

/** What one run of vitest leaves behind. */
export interface RunResult {
  readonly claims: readonly Claim[]
  /** Titles of the tests that were skipped; each says why. */
  readonly skipped: readonly string[]
}

const folder = resolve(import.meta.dirname, '../../.cache/results')

/** Keeps the result of the part `unit` or `e2e` until the next run of it. */
export function writeResult(part: string, result: RunResult): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, `${part}.json`), JSON.stringify(result))
}

/** The results of all parts that ran. */
export function readResults(): readonly RunResult[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder).map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as RunResult)
}
