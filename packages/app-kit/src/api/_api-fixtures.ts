import fastify, { type FastifyInstance } from 'fastify'
import { testedStats } from '../stats/_stats-fixtures.ts'
import type { ApiSettings } from './serve-api.ts'
import { serveApi } from './serve-api.ts'
import type { ApiSources } from './sources.ts'

/** An API on statistics of tests; nothing listens. */
export function testedApi(
  sources: Partial<ApiSources> = {},
  settings: Partial<ApiSettings> = {},
  maxWorkers = 100,
): ReturnType<typeof testedStats> & {
  readonly app: FastifyInstance
  readonly disconnected: number[]
  readonly faults: unknown[]
} {
  const { stats, clock } = testedStats(maxWorkers)
  const app = fastify({ routerOptions: { maxParamLength: 1_024 } })
  const [disconnected, faults]: [number[], unknown[]] = [[], []]
  serveApi(
    app,
    {
      role: 'pool',
      stats,
      now: () => clock.now,
      ok: () => true,
      isFarm: true,
      doors: () => ['stratum2+tcp://127.0.0.1:3333/key'],
      network: 'regtest',
      disconnect: (session) => disconnected.push(session),
      ...sources,
    },
    { corsOrigins: [], maxRequestsPerSecond: 1e9, onFault: (error) => faults.push(error), ...settings },
  )
  return { stats: sources.stats ?? stats, clock, app, disconnected, faults }
}

/** Books of tests: one account that earned by one block. */
export const LEDGER: NonNullable<ApiSources['ledger']> = {
  async account(name) {
    if (name !== 'alice') return undefined
    const earning = { hash: 'bb', height: 5, at: 1, state: 'pending', earned_sat: 90, paid_sat: 80 } as const
    return {
      books: { balance_sat: 10, expected_sat: 500, paid_sat: 80 },
      earnings: [earning, { ...earning, hash: 'aa' }],
    }
  },
  async history() {
    return { points: [{ at: 0, hashrate: 5 }], as_of: 600_000 }
  },
  async earnings(account) {
    if (account !== 'alice') return undefined
    const earning = { hash: 'bb', height: 5, at: 1, state: 'pending', earned_sat: 90, paid_sat: 80 } as const
    return { items: [earning], next: null, as_of: 600_000 }
  },
  async blocks() {
    const amounts = { total_sat: 100, fee_sat: 10 }
    const block = { hash: 'bb', height: 5, at: 1, account: 'alice', worker: 'rig1', confirmations: 1 }
    return { items: [{ ...block, ...amounts, state: 'pending' }], next: null }
  },
  async balances() {
    return { items: [{ account: 'alice', balance_sat: 10 }], next: null }
  },
  async distribution() {
    const payouts = [{ account: 'alice', script: '00', weight: '7', expected_sat: 90 }]
    return { id: '3', at: 1, value_sat: 100, payouts }
  },
}

/** A journal of tests: one closed segment. */
export const AUDIT: NonNullable<ApiSources['audit']> = {
  async ask(question) {
    const root = { records: 9, root: 'ab', chainedRoot: 'cd' }
    const segment = {
      node: 0,
      number: 1,
      firstSequence: 0,
      records: 9,
      bytes: 900,
      closedAt: 2,
      poolId: '11',
      isKept: true,
    }
    const answers: Readonly<Record<string, unknown>> = {
      segments: { items: [{ ...segment, root }], next: undefined },
      records: { frames: ['aa'], next: undefined },
      proof: { size: 9, index: 4, first: 0, leaf: 'aa', proof: ['bb'], root: 'ab' },
    }
    return answers[question.kind] as never
  },
}
