import { PassThrough } from 'node:stream'
import { createLogger, Registry } from '@sv2/app-kit'
import type { RelayFact } from '@sv2/roles/relay'
import { describe, expect, test } from 'vitest'
import { createObserver } from './observe.ts'

/** Words of a peer, which no line at info or above may hold, and no label. */
const FOREIGN = 'visit example.com\u0007'

/** An observer, what it logs at info and above, and what it counts. */
function observed(...facts: readonly RelayFact[]) {
  const out = new PassThrough({ highWaterMark: 1 << 20 })
  const registry = new Registry()
  const observer = createObserver(createLogger('proxy', { level: 'info', format: 'json' }, out), registry)
  for (const fact of facts) observer.fact(fact)
  const text = String(out.read() ?? '')
  const lines = text.split('\n').filter((line) => line !== '')
  const metric = async (name: string): Promise<unknown> =>
    (await registry.getSingleMetric(name)!.get()).values
  return { observer, metric, lines: lines.map((line) => JSON.parse(line) as Record<string, unknown>) }
}

const ids = { session: 1, channelId: 2 }

describe('observer of the mining proxy', () => {
  test('shares are counters, not lines', async () => {
    const { lines, metric, observer } = observed(
      { kind: 'shareRelayed', ...ids },
      { kind: 'shareRelayed', ...ids },
      { kind: 'sharesAccepted', ...ids, count: 2, work: 16n },
      { kind: 'shareRefused', ...ids, code: 'stale-share', by: 'proxy' },
      { kind: 'shareRefused', ...ids, code: FOREIGN, by: 'upstream' },
    )
    expect(lines).toEqual([])
    expect(observer.totals()).toEqual({ relayed: 2, accepted: 2, refused: 2 })
    expect(await metric('sv2_proxy_shares_relayed_total')).toMatchObject([{ value: 2 }])
    expect(await metric('sv2_server_shares_accepted_total')).toMatchObject([{ value: 2 }])
    expect(await metric('sv2_server_share_work_total')).toMatchObject([{ value: 16 }])
    expect(await metric('sv2_server_shares_rejected_total')).toMatchObject([
      { labels: { error_code: 'stale-share', by: 'proxy' } },
      { labels: { error_code: 'other', by: 'upstream' } },
    ])
  })

  test('what a proxy with many channels causes is limited', () => {
    const facts = Array.from({ length: 80 }, (_, channelId): readonly RelayFact[] => [
      {
        kind: 'channelOpened',
        session: 1,
        channelId,
        channelKind: 'standard',
        user: 'someone',
        upstream: 0,
        nominalHashrate: 1,
      },
      { kind: 'channelMoved', session: 1, channelId, upstream: 1 },
      { kind: 'channelRefused', session: 1, identity: FOREIGN, code: 'unknown-user', by: 'upstream' },
      { kind: 'channelClosed', session: 1, channelId, reason: 'x' },
    ]).flat()
    const { lines } = observed(...facts)
    const texts = ['channel opened', 'channel moved to another upstream', 'channel refused', 'channel closed']
    for (const text of texts) {
      const printed = lines.filter(({ msg }) => msg === text)
      expect(printed.length).toBeGreaterThanOrEqual(50)
      expect(printed.length).toBeLessThan(80)
    }
  })

  test('the upstream in use, and how often it changed', async () => {
    const use = (upstream: number): RelayFact => ({ kind: 'upstreamUsed', upstream, name: 'a' })
    const { metric, lines } = observed(use(0), use(1), use(0), use(1))
    expect(await metric('sv2_proxy_upstream')).toMatchObject([{ value: 1 }])
    expect(await metric('sv2_proxy_failovers_total')).toMatchObject([{ value: 3 }])
    expect(lines).toHaveLength(4)
  })

  test.each<{ readonly fact: RelayFact; readonly level: number }>([
    { fact: { kind: 'minerConnected', session: 1, vendor: FOREIGN, firmware: FOREIGN }, level: 30 },
    { fact: { kind: 'minerDisconnected', session: 1, channels: 2 }, level: 30 },
    { fact: { kind: 'setupRefused', session: 1, code: 'unsupported-protocol', flags: 0 }, level: 40 },
    {
      fact: { kind: 'channelRefused', session: 1, identity: 'rig\u0007 1', code: FOREIGN, by: 'upstream' },
      level: 40,
    },
    { fact: { kind: 'channelClosed', ...ids, reason: FOREIGN }, level: 30 },
    { fact: { kind: 'upstreamReady', upstream: 0, name: 'a' }, level: 30 },
    { fact: { kind: 'upstreamLost', upstream: 0, name: 'a' }, level: 40 },
    { fact: { kind: 'upstreamRefused', upstream: 0, name: 'a', reason: FOREIGN }, level: 50 },
    { fact: { kind: 'upstreamsGone', stopped: 3 }, level: 50 },
    { fact: { kind: 'peerMisbehaved', session: 1, reason: 'x' }, level: 40 },
  ])('$fact.kind is one line', ({ fact, level }) => {
    const { lines } = observed(fact)
    expect(lines).toMatchObject([{ level }])
    expect(JSON.stringify(lines)).not.toContain('\\u0007')
  })
})
