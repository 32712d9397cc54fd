import { expect, test } from 'vitest'
import { join, share } from '../stats/_stats-fixtures.ts'
import { testedApi } from './_api-fixtures.ts'

const WORKERS = 10_000
/** Processor time of one page, at most, ms. */
const MOST_MS = 50
/** The part of a core that fifty requests in a second take, at most, as a mean over pages of the usual length. */
const MOST_PART = 0.05

const PAGES = [
  'pool',
  'pool/history?span=day',
  'accounts/farm',
  'accounts/farm/history?span=day',
  'accounts/farm/workers?limit=500',
  'accounts/farm/workers?limit=100&cursor=9800',
  'miners?limit=500',
  'miners?limit=100&sort=id&cursor=0:9800',
  'miners/5000',
  'blocks',
  'global',
  'clients?limit=100&offset=9800',
  'clients/5001/channels',
  'sv1/clients?limit=100',
]

/** Processor time of this process while something runs, ms. */
async function processorMs(work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

test(`with ${WORKERS} workers each page takes little of the processor`, async () => {
  const { app, stats, clock } = testedApi({}, {}, WORKERS)
  for (let n = 1; n <= WORKERS; n++) {
    join(stats, n, { user: 'farm', worker: `rig-${n}`, edition: n % 4 === 0 ? 'v1' : 'current' })
    share(stats, n)
    if (n % 7 === 0) stats.fact({ kind: 'shareRefused', session: n, channelId: 1, code: 'stale-share' })
  }
  const costs: (readonly [string, number])[] = []
  for (const page of PAGES) {
    const ask = async () => {
      const { statusCode } = await app.inject({ url: `/api/v1/${page}` })
      expect(statusCode).toBe(200)
    }
    for (let n = 0; n < 5; n++) await ask()
    const times: number[] = []
    for (let n = 0; n < 9; n++) {
      clock.now += 1_000
      times.push(await processorMs(ask))
    }
    costs.push([page, times.sort((a, b) => a - b)[4] ?? 0])
  }
  expect(costs.filter(([, ms]) => ms > MOST_MS)).toEqual([])

  // fifty requests in each of ten seconds, pages of the usual length in turn
  const usual = PAGES.filter((page) => !page.includes('limit=500'))
  const ms = await processorMs(async () => {
    for (let n = 0; n < 500; n++) {
      if (n % 50 === 0) clock.now += 1_000
      await app.inject({ url: `/api/v1/${usual[n % usual.length]}` })
    }
  })
  process.stdout.write(`${JSON.stringify({ costs: Object.fromEntries(costs), partOfACore: ms / 10_000 })}\n`)
  expect(ms / 10_000).toBeLessThan(MOST_PART)
}, 60_000)
