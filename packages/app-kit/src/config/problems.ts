import type { z } from 'zod'

/** One thing wrong with a configuration, in words an operator can act on. */
export interface ConfigProblem {
  /** Dotted path of the key, `listen.0.port`. */
  readonly key: string
  /** What stands there, as text; undefined when nothing does. */
  readonly value: string | undefined
  /** What is wrong, and what is allowed. */
  readonly message: string
}

/** The operator's configuration is wrong. Holds every problem at once. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: readonly ConfigProblem[]

  constructor(problems: readonly ConfigProblem[]) {
    super(problems.map(formatProblem).join('\n'))
    this.problems = problems
  }
}

/** One line: key, value, what is allowed. */
export function formatProblem({ key, value, message }: ConfigProblem): string {
  return value === undefined ? `${key}: ${message}` : `${key} = ${value}: ${message}`
}

/** The problems behind zod's issues, with the values the operator wrote. */
export function problemsOf(
  error: z.ZodError,
  input: unknown,
  known: (path: string) => readonly string[],
): ConfigProblem[] {
  return error.issues.flatMap((issue): ConfigProblem[] => {
    if (issue.code === 'unrecognized_keys') {
      const at = issue.path.join('.')
      return issue.keys.map((key) => ({
        key: at === '' ? key : `${at}.${key}`,
        value: shown(key, valueAt(input, [...issue.path, key])),
        message: `unknown key; ${suggestion(key, known(at))}`,
      }))
    }
    const value = valueAt(input, issue.path)
    return [
      {
        key: issue.path.join('.'),
        value: value === undefined ? undefined : shown(String(issue.path.at(-1)), value),
        message: wording(issue, value),
      },
    ]
  })
}

function wording(issue: z.core.$ZodIssue, value: unknown): string {
  if (issue.code === 'invalid_type' && value === undefined) return `is required (${issue.expected})`
  if (issue.code === 'invalid_type' && issue.expected === 'array' && isTable(value))
    return `is a list, each of its tables in two brackets: [[${issue.path.join('.')}]]`
  if (issue.code === 'too_big')
    return issue.inclusive === false
      ? `must be less than ${issue.maximum}`
      : `must be at most ${issue.maximum}`
  if (issue.code === 'too_small') {
    if (issue.origin === 'string') return 'must not be empty'
    return issue.inclusive === false
      ? `must be more than ${issue.minimum}`
      : `must be at least ${issue.minimum}`
  }
  if (issue.code === 'invalid_value') return `must be one of ${issue.values.map(String).join(', ')}`
  return issue.message
}

function isTable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function suggestion(key: string, known: readonly string[]): string {
  const near = known.find((candidate) => distance(candidate, key) <= 2)
  return near === undefined ? `known here: ${known.join(', ')}` : `did you mean ${near}?`
}

/** Levenshtein's distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1))
    }
    row = next
  }
  return row[b.length]!
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let at: unknown = input
  for (const step of path) {
    if (typeof at !== 'object' || at === null) return undefined
    at = (at as Record<PropertyKey, unknown>)[step]
  }
  return at
}

/** Secrets, and misspellings of their keys, are not repeated: what is printed ends up in logs. */
const SECRET = /pas+w|pass|secret(?!.*_file$)/i

function shown(key: string, value: unknown): string {
  const text = JSON.stringify({ [key]: value }, (name, each) => {
    if (SECRET.test(name)) return '(not shown)'
    if (typeof each === 'string') return each.replace(/\/\/[^/]*@/, '//(not shown)@')
    return typeof each === 'bigint' ? each.toString() : each
  })
  return text.slice(JSON.stringify(key).length + 2, -1)
}
