import { expect, test } from 'vitest'
import { mutationsOf, sample } from './mutations.ts'

function changes(line: string): readonly string[] {
  return mutationsOf('x.ts', line).map(({ change, after }) => `${change}: ${after.trim()}`)
}

test.each([
  ['if (full(x)) return', ['no guard: if (false && (full(x))) return']],
  ['const MAX_JOBS = 1_024', ['no limit: const MAX_JOBS = Number.MAX_SAFE_INTEGER']],
  ['return a < b', ['< is <=: return a <= b']],
  ['return a === b || c', ['=== is !==: return a !== b || c', '|| is &&: return a === b && c']],
  ['return Math.min(a, b)', ['Math.min is Math.max: return Math.max(a, b)']],
  ['if (size >= MAX) {', ['no guard: if (false && (size >= MAX)) {', '>= is >: if (size > MAX) {']],
])('changes what decides: %s', (line, expected) => {
  expect(changes(line)).toEqual(expected)
})

test.each([
  ' * not more than a < b',
  '// a && b',
  "import { a } from 'a && b'",
  "throw new Error('a < b')",
  'const map = new Map<string, number>()',
  'const f = (a: number) => a',
  'run() // only when a < b',
])('leaves alone what decides nothing: %s', (line) => {
  expect(changes(line)).toEqual([])
})

test('says where it changes what', () => {
  expect(mutationsOf('a.ts', 'x\n  if (y) return')).toEqual([
    {
      file: 'a.ts',
      line: 2,
      change: 'no guard',
      before: '  if (y) return',
      after: '  if (false && (y)) return',
    },
  ])
})

test('a sample is the same for the same seed, and has nothing twice', () => {
  const all = Array.from({ length: 100 }, (_, index) => index)
  const one = sample(all, 30, 7)
  expect(sample(all, 30, 7)).toEqual(one)
  expect(sample(all, 30, 8)).not.toEqual(one)
  expect(new Set(one).size).toBe(30)
  expect(sample(all, 1_000, 7)).toHaveLength(100)
})
