import { PassThrough } from 'node:stream'
import { createLogger, Registry } from '@sv2/app-kit'
import type { PoolFact } from '@sv2/roles/pool'
import { describe, expect, test } from 'vitest'
import { createObserver } from './observe.ts'

/** Words of a peer, which no line at info or above may hold. */
const FOREIGN = 'visit example.com'
/** Names of miners stand in lines, without control characters. */
const NAME = 'rig\u0007 1'

/** An observer, what it logs at info and above, and what it counts. */
function observed(...facts: readonly PoolFact[]) {
  const out = new PassThrough()
  const registry = new Registry()
  const observer = createObserver(createLogger('pool', { level: 'info', format: 'json' }, out), registry)
  for (const fact of facts) observer.fact(fact)
  const text = String(out.read() ?? '')
  const lines = text.split('\n').filter((line) => line !== '')
  const metric = async (name: string): Promise<unknown> =>
    (await registry.getSingleMetric(name)!.get()).values
  return { observer, metric, text, lines: lines.map((line) => JSON.parse(line) as Record<string, unknown>) }
}

const SOLUTION = {
  type: 'PushSolution',
  extranonce: new Uint8Array(8),
  prevHash: new Uint8Array(32),
  nonce: 1,
  ntime: 2,
  nbits: 3,
  version: 4,
} as const

const accepted: PoolFact = {
  kind: 'shareAccepted',
  session: 1,
  channelId: 2,
  user: FOREIGN,
  worker: FOREIGN,
  difficulty: 8,
  hashDifficulty: 9,
}

describe('observer of the pool', () => {
  test('shares are counters, not lines', async () => {
    const { lines, metric, observer } = observed(accepted, accepted, {
      kind: 'shareRefused',
      session: 1,
      channelId: 2,
      code: 'stale-share',
    })
    expect(lines).toEqual([])
    expect(observer.totals()).toMatchObject({ accepted: 2, refused: 1, blocks: 0 })
    expect(await metric('sv2_client_shares_accepted_total')).toMatchObject([{ value: 2 }])
    expect(await metric('sv2_client_share_work_total')).toMatchObject([{ value: 16 }])
    expect(await metric('sv2_client_shares_rejected_total')).toMatchObject([
      { value: 1, labels: { error_code: 'stale-share' } },
    ])
  })

  test('the lines of a flood of refusals are limited', () => {
    const refusals = Array.from({ length: 200 }, (): PoolFact => {
      return { kind: 'updateRefused', session: 1, channelId: 2, code: 'invalid-channel-id' }
    })
    const lines = observed(...refusals).lines.filter(({ msg }) => msg === 'update refused')
    expect(lines.length).toBeGreaterThanOrEqual(50)
    expect(lines.length).toBeLessThanOrEqual(100)
  })

  test('a proxy with many channels does not fill the log when it comes and goes', () => {
    const facts = Array.from({ length: 200 }, (_, channelId): readonly PoolFact[] => {
      const channel = { session: 1, channelId, user: FOREIGN }
      const kind = { channelKind: 'standard', difficulty: 1, nominalHashrate: 5 } as const
      return [
        { kind: 'channelOpened', ...channel, worker: '', ...kind },
        { kind: 'channelClosed', ...channel },
      ]
    }).flat()
    const { lines } = observed(...facts)
    for (const text of ['channel opened', 'channel closed']) {
      const printed = lines.filter(({ msg, level }) => msg === text && level === 30)
      expect(printed.length).toBeGreaterThanOrEqual(50)
      expect(printed.length).toBeLessThanOrEqual(100)
    }
  })

  test('the hash rate is that of accepted work', async () => {
    const { observer, metric } = observed(accepted)
    expect(observer.totals().hashrate).toBeGreaterThan(0)
    expect(observer.totals().hashrate).toBeLessThanOrEqual(8 * 2 ** 32)
    expect(await metric('sv2_client_hashrate_total')).toMatchObject([{ value: expect.any(Number) }])
    expect(observed().observer.totals().hashrate).toBe(0)
  })

  test('the provider is there from its connection to its loss', async () => {
    const up: PoolFact = { kind: 'templatesConnected', session: 1 }
    const down: PoolFact = { kind: 'templatesLost', session: 1 }
    expect(await observed(up).metric('sv2_pool_template_provider_connected')).toMatchObject([{ value: 1 }])
    expect(await observed(up, down).metric('sv2_pool_template_provider_connected')).toMatchObject([
      { value: 0 },
    ])
    const other: PoolFact = { kind: 'templatesConnected', session: 2 }
    const both = observed(up, other, down)
    expect(await both.metric('sv2_pool_template_provider_connected')).toMatchObject([{ value: 1 }])
  })

  test.each<{ readonly fact: PoolFact; readonly level: number; readonly counter?: string }>([
    { fact: { kind: 'minerConnected', session: 1, vendor: FOREIGN, firmware: FOREIGN }, level: 30 },
    { fact: { kind: 'minerDisconnected', session: 1, channels: 2 }, level: 30 },
    {
      fact: { kind: 'setupRefused', session: 1, code: 'unsupported-protocol', flags: 0 },
      level: 40,
      counter: 'sv2_pool_setups_refused_total',
    },
    {
      fact: {
        kind: 'channelOpened',
        session: 1,
        channelId: 2,
        channelKind: 'standard',
        user: NAME,
        worker: NAME,
        difficulty: 1,
        nominalHashrate: 5,
      },
      level: 30,
    },
    {
      fact: {
        kind: 'channelRefused',
        session: 1,
        identity: NAME,
        code: 'invalid-user-identity',
        detail: FOREIGN,
      },
      level: 40,
      counter: 'sv2_pool_channels_refused_total',
    },
    { fact: { kind: 'channelClosed', session: 1, channelId: 2, user: FOREIGN }, level: 30 },
    {
      fact: {
        kind: 'blockFound',
        session: 1,
        channelId: 2,
        user: NAME,
        worker: NAME,
        hash: '00ff',
        templateId: 2n ** 60n,
      },
      level: 30,
      counter: 'sv2_client_blocks_found_total',
    },
    {
      fact: { kind: 'customJobRefused', session: 1, channelId: 2, code: 'stale-chain-tip' },
      level: 40,
      counter: 'sv2_pool_custom_jobs_refused_total',
    },
    {
      fact: { kind: 'solutionPushed', negotiators: 2, solution: SOLUTION },
      level: 30,
      counter: 'sv2_pool_solutions_pushed_total',
    },
    {
      fact: { kind: 'solutionPushed', negotiators: 0, solution: SOLUTION },
      level: 50,
      counter: 'sv2_pool_solutions_pushed_total',
    },
    {
      fact: { kind: 'negotiatorConnected', session: 1, negotiator: 0 },
      level: 30,
      counter: 'sv2_pool_negotiators_connected',
    },
    { fact: { kind: 'negotiatorLost', session: 1, negotiator: 0 }, level: 40 },
    { fact: { kind: 'negotiatorRefused', session: 1, negotiator: 0, code: FOREIGN }, level: 50 },
    { fact: { kind: 'newTip', prevHash: '00', networkDifficulty: 1 }, level: 30 },
    { fact: { kind: 'templatesRefused', session: 1, code: FOREIGN }, level: 50 },
    { fact: { kind: 'templatesLost', session: 1 }, level: 40 },
    { fact: { kind: 'templatesFrom', provider: 1 }, level: 40 },
    { fact: { kind: 'workTooOld', connections: 3 }, level: 50 },
    {
      fact: { kind: 'peerMisbehaved', session: 1, reason: 'unexpected NewTemplate' },
      level: 40,
      counter: 'sv2_pool_peers_misbehaved_total',
    },
  ])('$fact.kind is one line, without a word of the peer', async ({ fact, level, counter }) => {
    const { lines, text, metric } = observed(fact)
    expect(lines).toMatchObject([{ level }])
    expect(text).not.toContain(FOREIGN)
    expect(text).not.toContain('u0007')
    if (counter !== undefined) expect(await metric(counter)).toMatchObject([{ value: 1 }])
  })

  test.each<{ readonly fact: PoolFact; readonly counter: string }>([
    {
      fact: { kind: 'difficultyChanged', session: 1, channelId: 2, from: 1, to: 2 },
      counter: 'sv2_pool_difficulty_changes_total',
    },
    {
      fact: { kind: 'customJobSet', session: 1, channelId: 2, jobId: 3, channels: 1 },
      counter: 'sv2_pool_custom_jobs_total',
    },
    { fact: { kind: 'jobSent', jobId: 1, reason: 'tip', groups: 2 }, counter: 'sv2_pool_jobs_sent_total' },
  ])('$fact.kind is counted, and for debugging only', async ({ fact, counter }) => {
    const { lines, metric } = observed(fact)
    expect(lines).toEqual([])
    expect(await metric(counter)).toMatchObject([{ value: 1 }])
  })
})
