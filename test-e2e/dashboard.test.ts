import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { freePort } from '@sv2/topology'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { axeFindings, browserPath, launchBrowser } from './browser.ts'
import type { AppProcess } from './process.ts'
import { ProcessStack } from './process-stack.ts'

/** Where pictures of the pages go; nowhere without it. */
const PICTURES = process.env.SV2_PICTURES
/** A miner that is paid by his own coinbase. */
const ACCOUNT = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080'
const SOLO = { payout: { mode: 'solo' } }
const HOSTILE = '<img src=x onerror="document.title=1">'
const WAIT = { timeout: 30_000 }

test('the first page is at most 150 kB, compressed', () => {
  const folder = join(
    dirname(createRequire(import.meta.resolve('@sv2/app-kit')).resolve('@sv2/dashboard/package.json')),
    'dist',
  )
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  )
  const sizes = files.map(({ parentPath, name }) => gzipSync(readFileSync(join(parentPath, name))).length)
  expect(sizes.length).toBeGreaterThanOrEqual(3)
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(150_000)
})

const reason = browserPath === undefined ? ' (skipped: there is no Chromium here; CHROMIUM names one)' : ''

describe.skipIf(browserPath === undefined)(`the dashboard in a browser${reason}`, () => {
  const stack = new ProcessStack('current')
  const requests: string[] = []
  const complaints: string[] = []
  let providerUrl: string
  let pool: AppProcess
  let browser: Browser
  let context: BrowserContext
  let page: Page
  let origin: string

  beforeAll(async () => {
    browser = await launchBrowser()
    stack.monitoring.pool = await freePort(0)
    origin = `http://127.0.0.1:${stack.monitoring.pool}`
    await stack.startNode()
    providerUrl = (await stack.startProvider()).url
    const started = await stack.startPool(providerUrl, SOLO)
    pool = started.pool
    const devices = [
      stack.startDevice(started.url, 'standard', { user: `${ACCOUNT}.standard` }),
      stack.startDevice(started.url, 'extended', { user: `${ACCOUNT}.${HOSTILE}` }),
    ]
    for (const device of devices) await device.logged('shares accepted')
    context = await browser.newContext({ viewport: { width: 1_440, height: 900 } })
    page = await context.newPage()
    page.on('request', (request) => requests.push(request.url()))
    page.on('console', (line) => {
      if (line.type() === 'error') complaints.push(line.text())
    })
    page.on('pageerror', (error) => complaints.push(error.message))
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    await stack.close()
  })

  const sharesShown = async (): Promise<number> =>
    Number(/(\d+) shares/.exec((await page.locator('.status').textContent()) ?? '')?.[1] ?? 0)

  test("a miner pastes his account, and the page follows his workers' shares", async () => {
    await page.goto(origin)
    await page.getByLabel(/Your address/).fill(ACCOUNT)
    // what is typed stays while the page moves on
    const typedAt = await sharesShown()
    await vi.waitFor(async () => expect(await sharesShown()).toBeGreaterThan(typedAt + 10), WAIT)
    expect(await page.getByLabel(/Your address/).inputValue()).toBe(ACCOUNT)
    await page.getByRole('button', { name: 'Show' }).click()
    const workers = page.getByRole('region', { name: 'Workers' })
    await workers.getByRole('cell', { name: 'standard' }).waitFor(WAIT)
    await vi.waitFor(async () => expect(await sharesShown()).toBeGreaterThan(0), WAIT)
    const before = await sharesShown()
    await vi.waitFor(async () => expect(await sharesShown()).toBeGreaterThan(before), WAIT)
    expect(page.url()).toBe(`${origin}/#/miner/${ACCOUNT}`)
  })

  test('a worker whose name is HTML is shown as text', async () => {
    await page.getByText(HOSTILE).first().waitFor(WAIT)
    expect(await page.locator('main img').count()).toBe(0)
    expect(await page.title()).toBe('Miner · pool')
  })

  test('the coinbase of the present job is shown, with his own output marked', async () => {
    const outputs = page.getByRole('region', { name: 'Outputs' })
    const own = outputs.getByRole('row').filter({ hasText: ACCOUNT })
    await own.waitFor(WAIT)
    expect(await own.textContent()).toMatch(/yours5\d\.\d{8} BTC$/)
    expect(await outputs.getByText('yours').count()).toBe(1)
  })

  test('a pool that is killed is shown as gone, and comes back by itself', async () => {
    await pool.kill('SIGKILL')
    await page.getByRole('alert').waitFor(WAIT)
    expect(await page.getByRole('status').textContent()).toBe('gone')
    expect(await page.getByText(HOSTILE).count()).toBeGreaterThan(0)
    pool = (await stack.startPool(providerUrl, SOLO)).pool
    await page.getByRole('status').getByText('live').waitFor(WAIT)
    await page.getByRole('alert').waitFor({ ...WAIT, state: 'detached' })
    await page.getByText('connected').first().waitFor(WAIT)
  }, 90_000)

  test('the pages are reached by keyboard', async () => {
    await page.reload()
    await page.getByRole('status').getByText('live').waitFor(WAIT)
    const seen: string[] = []
    for (let press = 0; press < 4; press++) {
      await page.keyboard.press('Tab')
      seen.push(await page.evaluate<string>('document.activeElement.textContent'))
    }
    expect(seen).toEqual(['Skip to the content', 'Miner', 'Farm', 'Operator'])
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Operator' }).waitFor(WAIT)
  })

  const views = [`miner/${ACCOUNT}`, 'farm', 'operator'].flatMap((name) =>
    ([390, 1_440] as const).flatMap((width) =>
      (['light', 'dark'] as const).map((scheme) => ({ name, width, scheme })),
    ),
  )
  test.each(views)('$name at $width px, $scheme: axe finds nothing, and nothing sticks out', async (view) => {
    const { name, width, scheme } = view
    await page.setViewportSize({ width, height: 900 })
    await page.emulateMedia({ colorScheme: scheme })
    await page.goto(`${origin}/#/${name}`)
    await page.locator('table').first().waitFor(WAIT)
    expect(await axeFindings(page)).toEqual([])
    const [inner, whole] = await page.evaluate<[number, number]>(
      '[innerWidth, document.documentElement.scrollWidth]',
    )
    expect(whole).toBeLessThanOrEqual(inner)
    if (PICTURES === undefined) return
    mkdirSync(PICTURES, { recursive: true })
    const path = join(PICTURES, `${name.split('/')[0]}-${width}-${scheme}.png`)
    await page.screenshot({ path, fullPage: true })
  })

  test('no request leaves the host, and the browser had nothing to complain about', () => {
    expect(requests.length).toBeGreaterThan(10)
    expect(requests.filter((url) => !url.startsWith(`${origin}/`))).toEqual([])
    // the pool was gone for a while
    expect(
      complaints.filter(
        (text) => !/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE|ERR_CONNECTION_RESET|404/.test(text),
      ),
    ).toEqual([])
  })
})
