import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { scriptToAddress } from '@sv2/bitcoin'
import { freePort } from '@sv2/topology'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { axeFindings, browserPath, launchBrowser } from './browser.ts'
import { ProcessStack } from './process-stack.ts'

/** Where pictures of the pages go; nowhere without it. */
const PICTURES = process.env.SV2_PICTURES
const POOL = 'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202'
const addressOf = (n: number) => scriptToAddress(Uint8Array.of(0, 20, ...new Array(20).fill(n)), 'regtest')!
/** Two that the coinbase pays, and one whose part is dust to this pool: it is owed. H/s. */
const MINERS = [
  { name: addressOf(1), hashrate: 12_000 },
  { name: addressOf(2), hashrate: 9_000 },
  { name: addressOf(3), hashrate: 1_000 },
] as const
const [FIRST, , SMALL] = MINERS
const WAIT = { timeout: 60_000 }
const MONEY = /^(\d+\.\d{8}) BTC$/

const reason = browserPath === undefined ? ' (skipped: there is no Chromium here; CHROMIUM names one)' : ''

describe.skipIf(browserPath === undefined)(`the dashboard of a pool that pays${reason}`, () => {
  const stack = new ProcessStack('current')
  let browser: Browser
  let page: Page
  let origin: string

  beforeAll(async () => {
    browser = await launchBrowser()
    stack.monitoring.pool = await freePort(0)
    origin = `http://127.0.0.1:${stack.monitoring.pool}`
    await stack.startNode({ difficulty: 6e-6 })
    const { url: providerUrl } = await stack.startProvider()
    const node = { url: stack.node.url, cookie_file: join(stack.dataDir, '.cookie') }
    const { pool, url } = await stack.startPool(providerUrl, {
      payout: {
        mode: 'pplns',
        address: POOL,
        fee_ppm: 20_000,
        window_blocks: 4,
        refresh_sec: 1,
        confirmations: 2,
        dust_sat: 600_000_000,
      },
      ledger: { nodes: [node] },
    })
    await pool.logged('ledger ready')
    for (const { name, hashrate } of MINERS)
      stack.startDevice(url, 'extended', { user: `${name}.rig`, hashrate })
    page = await (await browser.newContext({ viewport: { width: 1_440, height: 900 } })).newPage()
    await vi.waitFor(
      async () => {
        const answer = await fetch(`${origin}/api/v1/accounts/${SMALL.name}`)
        const { books } = (await answer.json()) as { books: { balance_sat: number } | null }
        expect(books?.balance_sat).toBeGreaterThan(0)
      },
      { timeout: 120_000, interval: 500 },
    )
  }, 180_000)
  afterAll(async () => {
    await browser?.close()
    await stack.close()
  })

  const open = async (path: string): Promise<void> => {
    await page.goto(`${origin}/#/${path}`)
    await page.locator('table').first().waitFor(WAIT)
  }
  const rowsOf = (table: string) => page.getByRole('region', { name: table }).getByRole('row')

  test('a miner sees what each block earned and paid him, and his output among those of the coinbase', async () => {
    await open(`miner/${FIRST.name}`)
    const confirmed = rowsOf('Earnings').filter({ hasText: 'confirmed' }).first()
    await confirmed.waitFor(WAIT)
    const [earned, paid] = (await confirmed.getByRole('cell').allTextContents()).slice(1)
    expect(earned).toMatch(MONEY)
    expect(paid).toMatch(MONEY)
    const outputs = rowsOf('Outputs')
    const own = outputs.filter({ hasText: FIRST.name })
    await own.waitFor(WAIT)
    expect(await own.textContent()).toContain('yours')
    expect(await page.getByText('yours').count()).toBe(1)
    expect(await outputs.filter({ hasText: POOL }).count()).toBe(1)
  })

  test('a miner whose part was too small for the coinbase sees that he is owed it', async () => {
    await open(`miner/${SMALL.name}`)
    await page.getByText(/Earned and not paid yet: \d+\.\d{8} BTC/).waitFor(WAIT)
    const stat = page.locator('.stat, dl > div').filter({ hasText: 'Owed' }).first()
    expect(await stat.textContent()).toMatch(/Owed\s*\d+\.\d{8} BTC/)
  })

  test('the operator sees how the next block is split, and who is owed what; both close', async () => {
    await open('operator')
    await rowsOf('Distribution').filter({ hasText: FIRST.name }).waitFor(WAIT)
    const balances = rowsOf('Balances')
    await balances.filter({ hasText: SMALL.name }).waitFor(WAIT)
    await vi.waitFor(async () => {
      const texts = await balances.getByRole('cell').allTextContents()
      const values = texts.flatMap((text) => /^([−-]?)(\d+)\.(\d{8}) BTC$/.exec(text) ?? [])
      const sats = texts
        .map((text) => /^([−-]?)(\d+)\.(\d{8}) BTC$/.exec(text))
        .filter((found) => found !== null)
        .map(([, sign, whole, part]) => BigInt(`${whole}${part}`) * (sign === '' ? 1n : -1n))
      expect(values.length).toBeGreaterThan(0)
      expect(sats.reduce((sum, sat) => sum + sat, 0n)).toBe(0n)
    }, WAIT)
    await rowsOf('Blocks').filter({ hasText: 'confirmed' }).first().waitFor(WAIT)
  })

  const views = [`miner/${FIRST.name}`, 'operator'].flatMap((name) =>
    ([390, 1_440] as const).flatMap((width) =>
      (['light', 'dark'] as const).map((scheme) => ({ name, width, scheme })),
    ),
  )
  test.each(views)('$name at $width px, $scheme: axe finds nothing, and nothing sticks out', async (view) => {
    const { name, width, scheme } = view
    await page.setViewportSize({ width, height: 900 })
    await page.emulateMedia({ colorScheme: scheme })
    await open(name)
    await rowsOf(name === 'operator' ? 'Balances' : 'Outputs')
      .first()
      .waitFor(WAIT)
    expect(await axeFindings(page)).toEqual([])
    const [inner, whole] = await page.evaluate<[number, number]>(
      '[innerWidth, document.documentElement.scrollWidth]',
    )
    expect(whole).toBeLessThanOrEqual(inner)
    // what a miner and an operator come for is read without moving a table aside
    for (const table of name === 'operator' ? ['Distribution', 'Balances'] : ['Outputs']) {
      const [shown, wide] = await page.evaluate<[number, number]>(
        `(({ clientWidth, scrollWidth }) => [clientWidth, scrollWidth])(document.querySelector('section[aria-label="${table}"]'))`,
      )
      expect(wide, table).toBeLessThanOrEqual(shown)
    }
    if (PICTURES === undefined) return
    mkdirSync(PICTURES, { recursive: true })
    const path = join(PICTURES, `paying-${name.split('/')[0]}-${width}-${scheme}.png`)
    await page.screenshot({ path, fullPage: true })
  })
})
