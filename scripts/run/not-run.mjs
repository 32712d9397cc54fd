import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { root } from './process.mjs'

/** What a run of the tests left out, and why, one sentence each. */
export function notRun(results) {
  const reasons = []
  if (!process.env.BITCOIND) {
    reasons.push('the comparison with Bitcoin Core: set BITCOIND=/path/to/bitcoind')
  }
  if (!existsSync(resolve(root, '../shared/vectors'))) {
    reasons.push('the public vectors: ../shared is not beside the checkout')
  }
  reasons.push(
    'images and containers: `docker compose up` is not part of the tests (Dockerfile and compose file themselves are checked)',
  )
  reasons.push('long runs: `npm run test:slow` (100,000 channels) and `npm run fuzz`')
  return [...reasons, ...skippedTests(results)]
}

/** Every skipped test by its title, which says why. */
function skippedTests(results) {
  if (!existsSync(results)) return []
  const titles = readdirSync(results).flatMap(
    (file) => JSON.parse(readFileSync(join(results, file), 'utf8')).skipped,
  )
  return [...new Set(titles)].map((title) => `skipped test: ${title}`)
}
