import { PassThrough } from 'node:stream'
import { createLogger, Registry } from '@sv2/app-kit'
import { describe, expect, test } from 'vitest'
import { createObserver, type Fact } from './observe.ts'

/** An observer, what it logs at info and above, and what it counts. */
function observed(...facts: readonly Fact[]) {
  const out = new PassThrough()
  const registry = new Registry()
  const observer = createObserver(createLogger('client', { level: 'info', format: 'json' }, out), registry)
  for (const fact of facts) observer.fact(fact)
  const lines = String(out.read() ?? '')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  const metric = async (name: string): Promise<unknown> =>
    (await registry.getSingleMetric(name)!.get()).values
  return { observer, lines, metric }
}

const POOL: Fact = { kind: 'workFrom', place: 0, name: 'pool.example:3333', reason: 'it is well' }
const SOLO: Fact = { kind: 'workFrom', place: undefined, name: 'solo', reason: 'pool.example:3333: gone' }

describe('observer of the negotiator client', () => {
  test('a fallback is one line, one metric, and in the totals', async () => {
    const { lines, metric, observer } = observed(POOL, SOLO)
    expect(lines).toMatchObject([
      { level: 30, msg: 'miners work for a pool', pool: 'pool.example:3333' },
      { level: 40, msg: 'miners work for ourselves', reason: 'pool.example:3333: gone' },
    ])
    expect(await metric('sv2_jdc_fallbacks_total')).toMatchObject([{ value: 1 }])
    expect(await metric('sv2_jdc_pool')).toMatchObject([{ value: -1 }])
    expect(observer.totals()).toMatchObject({ pool: 'solo' })
  })

  test('a pool that is left says what happened, in its own words only as far as they can be read', async () => {
    const left = { kind: 'pairChanged', place: 0, name: 'p', from: 'mining', to: 'barred' } as const
    const { lines, metric } = observed({ ...left, event: 'jobRefused', reason: 'it refused\u001b[2J a job' })
    expect(lines).toMatchObject([{ level: 40, msg: 'pool left for a while', event: 'jobRefused' }])
    expect(JSON.stringify(lines)).not.toContain('\\u001b')
    expect(await metric('sv2_jdc_faults_total')).toMatchObject([{ labels: { reason: 'jobRefused' } }])
  })

  test('jobs and shares are counted, and blocks are lines too', async () => {
    const { lines, metric, observer } = observed(
      { kind: 'jobProposed', place: 0, transactions: 3 },
      { kind: 'jobAcknowledged', place: 0, jobId: 4, afterMs: 250, waiting: 2 },
      { kind: 'sharesAcknowledgedAbove', upstream: 0, count: 7 },
      {
        kind: 'blockFound',
        session: 1,
        channelId: 2,
        user: 'someone',
        worker: 'rig\u0007 1',
        hash: 'ab',
        templateId: 9n,
        place: 0,
      },
    )
    const who = { user: 'someone', worker: 'rig? 1' }
    expect(lines).toMatchObject([{ msg: 'block found', hash: 'ab', ...who, templateId: '9', pool: 0 }])
    expect(await metric('sv2_jdc_agreement_seconds')).toMatchObject([{ value: 0.25 }])
    expect(observer.totals()).toMatchObject({ acknowledged: 7, blocks: 1, jobs: 1 })
  })

  test('a refused job that is proposed again says so', () => {
    const { lines } = observed({
      kind: 'jobRefused',
      place: 0,
      code: 'stale-chain-tip',
      detail: '',
      again: true,
    })
    expect(lines).toMatchObject([{ msg: 'job refused; proposing it again', code: 'stale-chain-tip' }])
  })
})
