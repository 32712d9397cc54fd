import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type Browser, chromium, type Page } from 'playwright-core'

/** Where Debian and others put Chromium. */
const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** The browser of this machine; undefined where there is none. `CHROMIUM` names another one. */
export const browserPath: string | undefined = [process.env.CHROMIUM ?? '', ...PLACES].find(
  (path) => path !== '' && existsSync(path),
)

/** Starts the browser of this machine. */
export function launchBrowser(): Promise<Browser> {
  if (browserPath === undefined) throw new Error('no browser')
  // tests run as root in containers, where Chromium's sandbox does not start
  return chromium.launch({ executablePath: browserPath, args: ['--no-sandbox', '--disable-gpu'] })
}

/** What axe finds wrong with a page, by rule and place. */
export async function axeFindings(page: Page): Promise<string[]> {
  const path = createRequire(import.meta.url).resolve('axe-core/axe.min.js')
  // as a script of the tests, past the policy of the page
  const session = await page.context().newCDPSession(page)
  const { readFileSync } = await import('node:fs')
  await session.send('Runtime.evaluate', { expression: readFileSync(path, 'utf8') })
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      readonly axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> }
    }
    const { violations } = await axe.run()
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 120)}`))
  })
}
