import { PassThrough } from 'node:stream'
import type { ServerFact } from '@sv2/roles/negotiator'
import { describe, expect, test } from 'vitest'
import { createLogger } from '../logger.ts'
import { Registry } from '../monitoring.ts'
import { observeNegotiator } from './negotiator.ts'

const FOREIGN = 'visit example.com'

/** An observer, what it logs at info and above, and what it counts. */
function observed(...facts: readonly ServerFact[]) {
  const out = new PassThrough()
  const registry = new Registry()
  const log = createLogger('job-negotiator', { level: 'info', format: 'json' }, out)
  const observer = observeNegotiator(log, registry)
  for (const fact of facts) observer.fact(fact)
  const text = String(out.read() ?? '')
  const metric = async (name: string): Promise<unknown> =>
    (await registry.getSingleMetric(`sv2_negotiator_${name}`)!.get()).values
  const lines = text.split('\n').filter((line) => line !== '')
  return { metric, lines: lines.map((line) => JSON.parse(line) as Record<string, unknown>) }
}

describe('observer of the job negotiator server', () => {
  test.each<{ readonly fact: ServerFact; readonly level: number }>([
    {
      fact: { kind: 'clientConnected', session: 1, vendor: FOREIGN, firmware: FOREIGN, mode: 'commit' },
      level: 30,
    },
    { fact: { kind: 'clientDisconnected', session: 1 }, level: 30 },
    { fact: { kind: 'setupRefused', session: 1, code: 'unsupported-protocol', flags: 0 }, level: 40 },
    { fact: { kind: 'tokenRefused', session: 1, code: 'unknown-user', detail: FOREIGN }, level: 40 },
    { fact: { kind: 'jobAccepted', session: 1, height: 7, transactions: 3, payout: 5n }, level: 30 },
    { fact: { kind: 'jobRefused', session: 1, code: 'missing-txs', detail: 'too late' }, level: 40 },
    { fact: { kind: 'solutionRefused', session: 1, reason: 'it solves no job' }, level: 40 },
    { fact: { kind: 'newTip', height: 7, prevHash: 'ab' }, level: 30 },
    { fact: { kind: 'peerMisbehaved', session: 1, reason: 'unexpected NewTemplate' }, level: 40 },
  ])('$fact.kind is one line, without a word of the client', ({ fact, level }) => {
    const { lines } = observed(fact)
    expect(lines).toMatchObject([{ level }])
    expect(JSON.stringify(lines)).not.toContain(FOREIGN)
  })

  test('tokens and requests for transactions are counted, and no lines', async () => {
    const { lines, metric } = observed(
      { kind: 'tokenGiven', session: 1, waitedMs: 2_000 },
      { kind: 'transactionsRequested', session: 1, count: 12 },
    )
    expect(lines).toEqual([])
    expect(await metric('tokens_total')).toMatchObject([{ value: 1 }])
    expect(await metric('transactions_requested_total')).toMatchObject([{ value: 12 }])
  })
})
