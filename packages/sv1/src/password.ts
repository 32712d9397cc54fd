import { difficultyOf } from './values.ts'

/** What a password says besides being one. */
export interface PasswordSettings {
  /** The difficulty the miner wants for good. */
  readonly difficulty?: number
  /** The lowest it wants to be given. */
  readonly minDifficulty?: number
}

/**
 * Reads the settings that people put into passwords: `d=200`, `x, diff=200`, `md=64;d=512`. Pairs are separated by
 * comma, semicolon or white space; the first of each counts; everything else is ignored.
 */
export function readPassword(text: string): PasswordSettings {
  let difficulty: number | undefined
  let minDifficulty: number | undefined
  for (const pair of text.split(/[\s,;]+/)) {
    const at = pair.indexOf('=')
    if (at < 0) continue
    const name = pair.slice(0, at).toLowerCase()
    const value = difficultyOf(pair.slice(at + 1))
    if (name === 'd' || name === 'diff') difficulty ??= value
    if (name === 'md') minDifficulty ??= value
  }
  return {
    ...(difficulty !== undefined && { difficulty }),
    ...(minDifficulty !== undefined && { minDifficulty }),
  }
}
