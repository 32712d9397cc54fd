import { PassThrough } from 'node:stream'
import { createLogger, Registry } from '@sv2/app-kit'
import { describe, expect, test } from 'vitest'
import { createObserver } from './observe.ts'

type Fact = Parameters<ReturnType<typeof createObserver>['fact']>[0]

/** Words of a peer, which no line at info or above may hold, and no label. */
const FOREIGN = 'visit example.com'

/** An observer, what it logs at info and above, and what it counts. */
function observed(...facts: readonly Fact[]) {
  const out = new PassThrough({ highWaterMark: 1 << 20 })
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

const ids = { pool: 0, session: 1, channelId: 2 }

describe('observer of the translator to V1', () => {
  test('shares are counters, not lines', async () => {
    const { lines, metric, observer } = observed(
      { kind: 'shareSubmitted', ...ids },
      { kind: 'shareSubmitted', ...ids },
      { kind: 'shareAnswered', ...ids, code: undefined },
      { kind: 'shareAnswered', ...ids, code: 'stale-share' },
      { kind: 'shareRefused', session: 1, channelId: 2, code: 'duplicate-share' },
      {
        kind: 'shareAccepted',
        session: 1,
        channelId: 2,
        user: 'a',
        worker: undefined,
        difficulty: 8,
        hashDifficulty: 9,
      },
    )
    expect(lines).toEqual([])
    expect(observer.totals()).toEqual({ accepted: 1, refused: 1, submitted: 2, acknowledged: 1 })
    expect(await metric('sv2_server_shares_sent_total')).toMatchObject([{ value: 2 }])
    expect(await metric('sv2_server_shares_accepted_total')).toMatchObject([{ value: 1 }])
    expect(await metric('sv2_server_shares_rejected_total')).toMatchObject([
      { labels: { error_code: 'stale-share' } },
    ])
  })

  test('what pools do is a line, and what they say is none', () => {
    const { lines, text } = observed(
      { kind: 'poolReady', pool: 0, link: 1 },
      { kind: 'poolUsed', pool: 0, link: 1 },
      { kind: 'poolRefused', pool: 0, link: 1, reason: 'mining.authorize was refused', detail: FOREIGN },
      { kind: 'poolMessage', pool: 0, text: FOREIGN },
      { kind: 'poolReconnect', pool: 0, host: FOREIGN, port: 1, followed: false },
      { kind: 'poolLineIgnored', pool: 0, reason: FOREIGN },
      { kind: 'poolJobRefused', pool: 0, reason: 'a job without a coinbase' },
      { kind: 'poolLost', pool: 0, link: 1, unanswered: 'extranonce.subscribe' },
      { kind: 'sharesUnanswered', upstream: 0, count: 3 },
      { kind: 'extranonceSizeChanged', pool: 0, channels: 2 },
      { kind: 'blockFound', ...ids, user: 'rig 1', worker: '', hash: 'ab' },
    )
    expect(text).not.toContain(FOREIGN)
    expect(lines.find(({ msg }) => msg === 'pool lost')).toMatchObject({
      hungUpAt: 'mining.extranonce.subscribe',
      try: 'extranonce_subscribe = false',
    })
    expect(lines.map(({ msg }) => msg)).toEqual([
      'pool ready',
      'pool in use',
      'pool does not serve us',
      'pool has a message for people; its words are a line of level debug',
      'pool sends us elsewhere',
      'job of a pool cannot be mined',
      'pool lost',
      'shares without an answer',
      'extranonce size changed; channels closed',
      'block found',
    ])
  })

  test('a pool that goes on and on fills no log', () => {
    const facts = Array.from({ length: 200 }, (): Fact => ({ kind: 'poolMessage', pool: 0, text: FOREIGN }))
    expect(observed(...facts).lines).toHaveLength(50)
  })
})
