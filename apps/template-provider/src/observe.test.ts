import { PassThrough } from 'node:stream'
import { createLogger, Registry } from '@sv2/app-kit'
import type { ProviderFact } from '@sv2/roles/provider'
import type { BlockFate, NodeState } from '@sv2/runtime'
import { describe, expect, test } from 'vitest'
import { createObserver } from './observe.ts'

const FOREIGN = 'visit example.com'

/** An observer, and what it has logged at info and above and counted. */
function anObserver() {
  const out = new PassThrough()
  const registry = new Registry()
  const log = createLogger('template-provider', { level: 'info', format: 'json' }, out)
  return {
    observer: createObserver(log, registry),
    lines: () =>
      String(out.read() ?? '')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    metric: async (name: string): Promise<readonly { value: number; labels: object }[]> =>
      (await registry.getSingleMetric(`sv2_tp_${name}`)!.get()).values,
  }
}

const sent = (reason: 'tip' | 'fees' | 'client'): ProviderFact => ({
  kind: 'templateSent',
  templateId: 2n ** 60n,
  reason,
  height: 7,
  transactions: 3,
  left: 0,
  value: 5_000_000_000n,
  clients: 2,
})

describe('observer of the template provider', () => {
  test('a template for a new tip is a line, one for fees is not; both are counted', async () => {
    const { observer, lines, metric } = anObserver()
    observer.fact(sent('tip'))
    expect(lines()).toMatchObject([{ msg: 'template sent', height: 7, clients: 2 }])
    observer.fact(sent('fees'))
    expect(lines()).toEqual([])
    expect(await metric('templates_sent_total')).toMatchObject([
      { value: 1, labels: { reason: 'tip' } },
      { value: 1, labels: { reason: 'fees' } },
    ])
    expect(await metric('template_height')).toMatchObject([{ value: 7 }])
    expect(await metric('template_value_sat')).toMatchObject([{ value: 5e9 }])
  })

  test.each<{ readonly fact: ProviderFact; readonly level: number }>([
    { fact: { kind: 'clientConnected', session: 1, vendor: FOREIGN, firmware: FOREIGN }, level: 30 },
    { fact: { kind: 'clientDisconnected', session: 1 }, level: 30 },
    { fact: { kind: 'setupRefused', session: 1, code: 'unsupported-protocol', flags: 0 }, level: 40 },
    { fact: { kind: 'constraintsSet', session: 1, outputSize: 51, outputSigops: 4 }, level: 30 },
    { fact: { kind: 'solutionRefused', session: 1, templateId: 1n, reason: 'unknown template' }, level: 40 },
    { fact: { kind: 'peerMisbehaved', session: 1, reason: 'unexpected NewTemplate' }, level: 40 },
  ])('$fact.kind is one line, without a word of the client', ({ fact, level }) => {
    const { observer, lines } = anObserver()
    observer.fact(fact)
    const seen = lines()
    expect(seen).toMatchObject([{ level }])
    expect(JSON.stringify(seen)).not.toContain(FOREIGN)
  })

  test.each<{ readonly outcome: BlockFate['outcome']; readonly level: number }>([
    { outcome: 'accepted', level: 30 },
    { outcome: 'lost', level: 40 },
    { outcome: 'rejected', level: 50 },
    { outcome: 'undecided', level: 40 },
    { outcome: 'unreachable', level: 50 },
  ])('a block that is $outcome is a line of level $level', async ({ outcome, level }) => {
    const { observer, lines, metric } = anObserver()
    observer.fate({ hash: 'ab', height: 1, node: 'http://node', outcome, reason: 'why' })
    expect(lines()).toMatchObject([{ level, hash: 'ab', node: 'http://node', reason: 'why' }])
    const counted = await metric('blocks_submitted_total')
    expect(counted).toContainEqual(expect.objectContaining({ value: 1, labels: { outcome } }))
    // the others stand at 0 from the start: an alert sees the first of a kind
    expect(counted.filter(({ value }) => value === 0)).toHaveLength(5)
  })

  test('a block is a line from the moment it is solved, and trouble with the disk is an error', async () => {
    const { observer, lines, metric } = anObserver()
    observer.solved({ hash: 'ab', height: 1 })
    observer.diskTrouble('ab', new Error('ENOSPC'))
    expect(lines()).toMatchObject([{ level: 30 }, { level: 50, hash: 'ab', err: { message: 'ENOSPC' } }])
    expect(await metric('solutions_total')).toMatchObject([{ value: 1 }])
  })

  test('what is wrong with the node is told once, and again when it changes', async () => {
    const { observer, lines, metric } = anObserver()
    const waiting = (message: string): NodeState => ({
      kind: 'waiting',
      cause: 'away',
      blocksBehind: 0,
      message,
      retryMs: 500,
    })
    for (const message of ['down', 'down', 'starting']) observer.node(waiting(message))
    expect(lines().map(({ msg }) => msg)).toEqual(['down', 'starting'])
    expect(await metric('node_ready')).toMatchObject([{ value: 0 }])
    observer.node({ kind: 'ready' })
    observer.node(waiting('starting'))
    expect(lines().map(({ msg }) => msg)).toEqual(['node is ready', 'starting'])
  })
})
