/** One change of one line of a source file. */
export interface Mutation {
  /** Path from the root of the project. */
  readonly file: string
  /** Line, from 1 on. */
  readonly line: number
  /** What is done to it, for the reader. */
  readonly change: string
  readonly before: string
  readonly after: string
}

interface Operator {
  readonly pattern: RegExp
  readonly replacement: string
  readonly change: string
}

/** Operators between spaces: generics and arrows have none around them. */
const OPERATORS: readonly Operator[] = [
  { pattern: / < /g, replacement: ' <= ', change: '< is <=' },
  { pattern: / <= /g, replacement: ' < ', change: '<= is <' },
  { pattern: / > /g, replacement: ' >= ', change: '> is >=' },
  { pattern: / >= /g, replacement: ' > ', change: '>= is >' },
  { pattern: / === /g, replacement: ' !== ', change: '=== is !==' },
  { pattern: / !== /g, replacement: ' === ', change: '!== is ===' },
  { pattern: / && /g, replacement: ' || ', change: '&& is ||' },
  { pattern: / \|\| /g, replacement: ' && ', change: '|| is &&' },
  { pattern: /\bMath\.min\(/g, replacement: 'Math.max(', change: 'Math.min is Math.max' },
  { pattern: /\bMath\.max\(/g, replacement: 'Math.min(', change: 'Math.max is Math.min' },
]

/** A limit: a constant in capitals that is one number. */
const LIMIT = /^((?:export )?const (?:[A-Z]+_)*(?:MAX|MOST|LAST|KEPT|LIMIT)(?:_[A-Z]+)* = )[\d_]+$/
/** A guard on one line: what stands between the brackets is the condition. */
const GUARD = /^(\s*(?:\} else )?if )\((.*)\)( (?:\{|return|continue|break|throw|[\w.#]+[(? ]).*| \{|)$/
/** Lines that have no code, or none that decides anything: comments, types, imports. */
const NO_CODE = /^\s*(?:\/\/|\/\*|\*|import |export (?:type|interface) |type |interface |readonly |\||@)/

/** Everything that `npm run mutants` may change in a file: guards, comparisons, bounds and limits. */
export function mutationsOf(file: string, source: string): readonly Mutation[] {
  return source.split('\n').flatMap((before, index) => {
    if (NO_CODE.test(before)) return []
    return [...linesFor(before)].map(({ after, change }) => ({
      file,
      line: index + 1,
      change,
      before,
      after,
    }))
  })
}

function* linesFor(line: string): Generator<{ readonly after: string; readonly change: string }> {
  if (LIMIT.test(line)) yield { after: line.replace(LIMIT, '$1Number.MAX_SAFE_INTEGER'), change: 'no limit' }
  const guard = GUARD.exec(line)
  if (guard !== null && isClosed(guard[2]!))
    yield { after: `${guard[1]}(false && (${guard[2]}))${guard[3]}`, change: 'no guard' }
  for (const { pattern, replacement, change } of OPERATORS) {
    for (const { index, 0: found } of line.matchAll(pattern)) {
      if (isInText(line, index)) continue
      yield { after: line.slice(0, index) + replacement + line.slice(index + found.length), change }
    }
  }
}

/** Whether the brackets of a condition are its own. */
function isClosed(condition: string): boolean {
  let depth = 0
  for (const char of condition) {
    if (char === '(') depth++
    if (char === ')') depth--
    if (depth < 0) return false
  }
  return depth === 0
}

/** Whether a place in a line is in a comment, or in a string. */
function isInText(line: string, index: number): boolean {
  const before = line.slice(0, index)
  return before.includes('// ') || before.split("'").length % 2 === 0 || before.split('`').length % 2 === 0
}

/** A part of a list, always the same for the same seed. */
export function sample<T>(all: readonly T[], size: number, seed: number): readonly T[] {
  const rest = [...all]
  const chosen: T[] = []
  let state = seed >>> 0
  while (chosen.length < size && rest.length > 0) {
    // a linear congruential generator: good enough to choose lines
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    const [one] = rest.splice(Math.floor((state / 2 ** 32) * rest.length), 1)
    chosen.push(one!)
  }
  return chosen
}
