import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { createObserver } from '../apps/template-provider/src/observe.ts'
import { createLogger, createRegistry, type Registry } from '../packages/app-kit/src/index.ts'
import { observeNegotiator } from '../packages/app-kit/src/observe/negotiator.ts'
import { observeNode } from '../packages/app-kit/src/observe/node.ts'

const file = resolve(import.meta.dirname, '../docker/prometheus/alerts.yml')
const { groups } = parse(readFileSync(file, 'utf8')) as {
  groups: { rules: { alert: string; expr: string }[] }[]
}
const rules = groups.flatMap((group) => group.rules)

const hasPromtool = spawnSync('promtool', ['--version'], { stdio: 'ignore' }).status === 0
const folder = mkdtempSync(join(tmpdir(), 'sv2-alerts-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Series by which an alert comes true, one value a minute as promtool writes them, and after how many minutes. */
const CONDITIONS: Readonly<
  Record<string, readonly { readonly series: Readonly<Record<string, string>>; readonly at: number }[]>
> = {
  Down: [{ series: { 'up{job="pool"}': '0x9' }, at: 2 }],
  Restarting: [{ series: { 'process_start_time_seconds{job="pool"}': '1 2 3 4 5x9' }, at: 8 }],
  NodeNotReady: [
    { series: { 'sv2_tp_node_ready{job="template-provider"}': '0x9' }, at: 3 },
    { series: { 'sv2_negotiator_node_ready{job="negotiator-server"}': '0x9' }, at: 3 },
  ],
  BlockRejected: ['sv2_tp', 'sv2_negotiator'].flatMap((prefix) =>
    rare(`${prefix}_blocks_submitted_total{outcome="rejected",job="x"}`),
  ),
  SolutionRefused: ['sv2_tp', 'sv2_negotiator'].flatMap((prefix) =>
    rare(`${prefix}_solutions_refused_total{job="x"}`),
  ),
  NodesDisagree: [
    {
      series: {
        'sv2_tp_template_height{job="template-provider"}': '100x20',
        'sv2_tp_template_height{job="farm-template-provider"}': '98x20',
      },
      at: 7,
    },
  ],
  NoTemplates: [{ series: { 'sv2_pool_template_provider_connected{job="pool"}': '0x9' }, at: 2 }],
  NoShares: [
    {
      series: {
        'sv2_client_channels{job="pool"}': '3x60',
        'sv2_client_shares_accepted_total{job="pool"}': '7x60',
      },
      at: 50,
    },
  ],
  JournalRefused: [{ series: { 'sv2_pool_journal_failing{job="pool"}': '1x9' }, at: 1 }],
  JournalSlow: [{ series: { 'sv2_pool_journal_flush_seconds{job="pool"}': '2x9' }, at: 4 }],
  LedgerStuck: [
    {
      series: {
        'sv2_client_shares_accepted_total{job="pool"}': '0+10x60',
        'sv2_pool_ledger_records{job="pool"}': '7x60',
      },
      at: 30,
    },
  ],
  JournalLag: [{ series: { 'sv2_pool_journal_lag_seconds{job="pool"}': '6x9' }, at: 3 }],
  JournalDiskLow: [{ series: { 'sv2_pool_journal_disk_free_bytes{job="pool"}': '1999999999x9' }, at: 7 }],
  DistributionOld: [
    {
      series: {
        'sv2_pool_ledger_distribution_timestamp_seconds{job="pool"}': '1x60',
        'sv2_client_shares_accepted_total{job="pool"}': '0+10x60',
      },
      at: 40,
    },
  ],
  UnknownBlocks: [{ series: { 'sv2_pool_ledger_unknown_blocks{job="pool"}': '1x9' }, at: 1 }],
  LedgerNodeBehind: [
    { series: { 'sv2_pool_ledger_node_behind_blocks{job="pool"}': '2x9' }, at: 7 },
    { series: { 'sv2_pool_ledger_node_away{job="pool"}': '1x9' }, at: 7 },
  ],
  BlocksStayPending: [
    {
      series: {
        'sv2_pool_ledger_pending_blocks{job="pool"}': '2x900',
        'sv2_pool_ledger_confirmed_blocks{job="pool"}': '1x900',
      },
      at: 800,
    },
  ],
  ManyShareRefusals: [
    {
      series: {
        'sv2_client_shares_accepted_total{job="pool"}': '0+10x60',
        'sv2_client_shares_rejected_total{job="pool",error_code="stale-share"}': '0+2x60',
      },
      at: 40,
    },
  ],
  PeersMisbehave: [{ series: { 'sv2_pool_peers_misbehaved_total{job="pool"}': '0+12x40' }, at: 30 }],
  ConnectionsRefused: [
    { series: { 'sv2_connections_refused_total{job="pool",reason="handshake failed"}': '0+120x40' }, at: 30 },
  ],
  SharesRefusedAbove: [
    {
      series: {
        'sv2_server_shares_accepted_total{job="translator"}': '0+10x60',
        'sv2_server_shares_rejected_total{job="translator"}': '0+1x60',
      },
      at: 40,
    },
  ],
  OnFallback: [{ series: { 'sv2_proxy_upstream{job="mining-proxy"}': '1x20' }, at: 7 }],
  UpstreamsFlap: ['proxy', 'translator'].map((role) => ({
    series: { [`sv2_${role}_failovers_total{job="x"}`]: '0+1x20' },
    at: 12,
  })),
  DeviceIdle: [{ series: { 'sv2_device_mining{job="device-1"}': '0x20' }, at: 7 }],
}

/** The first in the life of a process; and one that was there when the process was first seen. */
function rare(series: string) {
  return [
    { series: { [series]: '0 0 1x9' }, at: 4 },
    { series: { [series]: '1x9', 'sv2_uptime_seconds{job="x"}': '5+60x9' }, at: 4 },
  ]
}

test('every alert has a condition here that makes it true', () => {
  expect(Object.keys(CONDITIONS).sort()).toEqual(rules.map(({ alert }) => alert).sort())
})

const all = Object.entries(CONDITIONS).flatMap(([alert, conditions]) =>
  conditions.map((condition) => ({ alert, condition, of: Object.keys(condition.series)[0] })),
)

describe.skipIf(!hasPromtool)(
  `alerts fire${hasPromtool ? '' : ' (skipped: promtool is not installed)'}`,
  () => {
    test.each(all)('$alert, by $of', ({ alert, condition }) => {
      const { series, at } = condition
      const scenario = {
        rule_files: [file],
        evaluation_interval: '1m',
        tests: [
          {
            interval: '1m',
            input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
            promql_expr_test: [
              {
                expr: `count(ALERTS{alertname="${alert}",alertstate="firing"})`,
                eval_time: `${at}m`,
                exp_samples: [{ labels: '{}', value: 1 }],
              },
            ],
          },
        ],
      }
      const path = join(folder, `${alert}.yml`)
      writeFileSync(path, stringify(scenario))
      const { status, stdout, stderr } = spawnSync('promtool', ['test', 'rules', path], { encoding: 'utf8' })
      expect({ status, said: status === 0 ? '' : stdout + stderr }).toEqual({ status: 0, said: '' })
    })

    test('the rules are as Prometheus reads them', () => {
      expect(execFileSync('promtool', ['check', 'rules', file], { encoding: 'utf8' })).toContain('SUCCESS')
    })
  },
)

/** What a process shows before anything has happened: an alert on an increase misses a counter that begins at 1. */
describe('counters of rare events stand at 0 from the start', () => {
  const log = createLogger('test', { level: 'fatal', format: 'json' })
  const made: Readonly<Record<string, (registry: Registry) => unknown>> = {
    tp: (registry) => createObserver(log, registry),
    negotiator: (registry) => [
      observeNegotiator(log, registry),
      observeNode(log, registry, 'sv2_negotiator'),
    ],
  }
  const rare = rules
    .flatMap(({ expr }) => [...expr.matchAll(/increase\((sv2_(tp|negotiator)_[a-z_]+(?:\{[^}]*\})?)/g)])
    .map(([, series = '', role = '']) => ({ series, role }))

  test('alerts watch some', () => {
    expect(rare).toHaveLength(4)
  })

  test.each(rare)('$series', async ({ series, role }) => {
    const registry = createRegistry('any')
    made[role]!(registry)
    const lines = (await registry.metrics())
      .split('\n')
      .map((line) => line.replace(/,?app="any"/, '').replace('{}', ''))
    expect(lines).toContain(`${series} 0`)
  })
})
