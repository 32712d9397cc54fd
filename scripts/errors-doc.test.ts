import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { isShipped } from './layers/table.ts'

const root = resolve(import.meta.dirname, '..')

/** Texts that look like codes and never go to a Stratum V2 peer. */
const NOT_SENT = new Set([
  // names of Stratum V1's extensions (BIP 310)
  'version-rolling',
  'minimum-difficulty',
  'subscribe-extranonce',
  // why a Stratum V1 miner is refused, for logs: it is told a number and a text
  'wrong-network',
  'not-an-address',
  'not-paid-here',
  'name-too-long',
  'too-many-workers',
  'version-bits-outside-mask',
  'unauthorized-worker',
  'not-subscribed',
  'too-many-shares',
  // a setting
  'same-domain',
  // what a job negotiator client is, for logs
  'full-template',
  'coinbase-only',
  // a node's words for a block
  'inconclusive-not-best-prevblk',
  'bad-cb-length',
  'bad-cb-height',
  'bad-version',
  // codes of others that are understood here
  'unsupported-min-extranonce-size',
])

/** Texts of the roles that look like codes: several words in lower case with hyphens between. */
function codesInRoles(): Set<string> {
  const files = readdirSync(join(root, 'packages/roles/src'), { recursive: true, encoding: 'utf8' })
    .map((file) => `packages/roles/src/${file}`)
    .filter((file) => file.endsWith('.ts') && isShipped(file))
  const literals = files.flatMap((file) => [
    ...readFileSync(join(root, file), 'utf8').matchAll(/'([a-z]+(?:-[a-z]+)+)'/g),
  ])
  return new Set(literals.map(([, code = '']) => code).filter((code) => !NOT_SENT.has(code)))
}

function codesInDoc(): Set<string> {
  const text = readFileSync(join(root, 'docs/errors.md'), 'utf8')
  return new Set([...text.matchAll(/^\| `([^`]+)` \|/gm)].map(([, code = '']) => code))
}

test('ERR-05 (current, draft): every code a role sends is documented, and no other', () => {
  expect([...codesInDoc()].sort()).toEqual([...codesInRoles()].sort())
})

test('ERR-06 (current, draft): every documented code is printable ASCII', () => {
  for (const code of codesInDoc()) expect(code).toMatch(/^[\x21-\x7e]+$/)
})
