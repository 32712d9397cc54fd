import { PassThrough } from 'node:stream'
import { createLogger, Registry } from '@sv2/app-kit'
import { describe, expect, test } from 'vitest'
import { createObserver } from './observe.ts'

type Fact = Parameters<ReturnType<typeof createObserver>['fact']>[0]

/** Words of a peer, which no line at info or above may hold. */
const FOREIGN = 'visit example.com'

/** An observer, what it logs at info and above, and what it counts. */
function observed(...facts: readonly Fact[]) {
  const out = new PassThrough()
  const registry = new Registry()
  const observer = createObserver(
    createLogger('translator', { level: 'info', format: 'json' }, out),
    registry,
  )
  for (const fact of facts) observer.fact(fact)
  const text = String(out.read() ?? '')
  const lines = text.split('\n').filter((line) => line !== '')
  const metric = async (name: string): Promise<unknown> =>
    (await registry.getSingleMetric(name)!.get()).values
  return { observer, metric, text, lines: lines.map((line) => JSON.parse(line) as Record<string, unknown>) }
}

describe('observer of direction v1-to-v2', () => {
  test('refused V1 shares are counted by reason and code, and are no lines', async () => {
    const { lines, metric, observer } = observed(
      { kind: 'v1ShareRefused', session: 1, code: 21, reason: 'stale-share' },
      { kind: 'v1ShareRefused', session: 1, code: 24, reason: 'unauthorized-worker' },
      {
        kind: 'shareAccepted',
        session: 1,
        channelId: 2,
        user: FOREIGN,
        worker: FOREIGN,
        difficulty: 8,
        hashDifficulty: 9,
      },
    )
    expect(lines).toEqual([])
    expect(observer.totals()).toMatchObject({ accepted: 1, refused: 2 })
    expect(await metric('sv1_shares_rejected_total')).toMatchObject([
      { value: 1, labels: { error_code: 'stale-share', code: 21 } },
      { value: 1, labels: { error_code: 'unauthorized-worker', code: 24 } },
    ])
  })

  test('a session is a line with our name for the miner, never with the words of the peer', () => {
    const { lines, text } = observed(
      { kind: 'v1Subscribed', session: 1, dialect: 'bitaxe', userAgent: FOREIGN, resumed: false },
      { kind: 'workerAuthorized', session: 1, user: FOREIGN },
      { kind: 'workerRefused', session: 1, reason: 'wrong-network', detail: FOREIGN },
      { kind: 'v1LineRefused', session: 1, reason: 'unknown method' },
      { kind: 'v1Closed', session: 1, dialect: 'bitaxe' },
    )
    expect(lines.map(({ msg }) => msg)).toEqual(['V1 miner subscribed', 'worker refused'])
    expect(lines[0]).toMatchObject({ dialect: 'bitaxe', resumed: false })
    expect(text).not.toContain(FOREIGN)
  })

  test('work that a device cannot take is a warning', () => {
    const { lines } = observed({
      kind: 'workTooLarge',
      session: 1,
      dialect: 'antminer',
      what: 'coinbase',
      bytes: 900,
      limit: 730,
    })
    expect(lines).toMatchObject([{ level: 40, dialect: 'antminer', bytes: 900, limit: 730 }])
  })

  test('the lines of a flood of sessions are limited', () => {
    const facts = Array.from({ length: 500 }, (_, session): Fact => {
      return { kind: 'v1Subscribed', session, dialect: 'unknown', userAgent: FOREIGN, resumed: false }
    })
    expect(observed(...facts).lines.length).toBeLessThanOrEqual(100)
  })
})
