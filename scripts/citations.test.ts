import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '..')
const wire = readFileSync(join(root, 'docs/wire.md'), 'utf8')

/** Numbers of the sections of docs/wire.md: `3.2.4`, `A.1`. */
const sections = new Set(
  [...wire.matchAll(/^#{2,4} ([\dA]+(?:\.\d+)*)\.? /gm)].map(([, number = '']) => number),
)
/** Ids that head a row of docs/wire.md: open points, `O-07` and `C-17`, and requirements, `POOL-21`. */
const ids = new Set([...wire.matchAll(/^\| ([A-Z]{1,4}-\d\d) \|/gm)].map(([, id = '']) => id))

/** Files below a folder; links are not followed, since a package may link to its own test package. */
function filesIn(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    if (/^(node_modules|dist|\.turbo|\.git|\.cache|data)$/.test(entry.name)) return []
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return filesIn(path)
    return entry.isFile() ? [path] : []
  })
}

/** Text files that people write, by path. */
const texts = () => filesIn('').filter((file) => /\.(ts|mjs|md|json|toml|yml)$/.test(file))

/** The text without the line ends, stars and slashes that a comment puts into a citation. */
const unwrapped = (file: string) =>
  readFileSync(join(root, file), 'utf8').replace(/\n[ \t]*(?:\*|\/\/)?[ \t]*/g, ' ')

const cited = texts().map((file) => ({ file, text: unwrapped(file) }))
const matches = (pattern: RegExp) =>
  cited.flatMap(({ file, text }) => [...text.matchAll(pattern)].map(([, found = '']) => ({ file, found })))

test('docs/wire.md has its sections and points', () => {
  expect(sections.size).toBeGreaterThan(50)
  expect([...ids].filter((id) => id.startsWith('O-'))).toHaveLength(33)
})

test('every cited section of docs/wire.md is there', () => {
  const citations = matches(/wire\.md ((?:§[\d.]+\d|§\d|A\.\d)(?:(?:,| and) (?:§[\d.]*\d|A\.\d))*)/g).flatMap(
    ({ file, found }) => found.split(/, | and /).map((each) => ({ file, section: each.replace('§', '') })),
  )
  expect(citations.length).toBeGreaterThan(100)
  expect(citations.filter(({ section }) => !sections.has(section))).toEqual([])
})

test('every cited point of docs/wire.md is there', () => {
  const citations = matches(/\b([OC]-\d\d)\b/g)
  expect(citations.length).toBeGreaterThan(30)
  expect(citations.filter(({ found }) => !ids.has(found))).toEqual([])
})

test('every requirement that docs/wire.md is cited for is there', () => {
  expect(matches(/wire\.md ([A-Z]{2,4}-\d\d)/g).filter(({ found }) => !ids.has(found))).toEqual([])
})

test('no file cites a document that is not in the repository', () => {
  expect(matches(/\b((?:peers|editions|house|ledger)\.md)\b/g)).toEqual([])
})
