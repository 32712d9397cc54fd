import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { createRegistry } from '../packages/app-kit/src/index.ts'
import { appOf, mountAt, readCompose, readEnvironment } from './compose/compose-file.ts'
import { readStage } from './compose/dockerfile-stage.ts'

const root = resolve(import.meta.dirname, '..')
const read = (file: string): string => readFileSync(join(root, file), 'utf8')
const { services } = readCompose(readEnvironment('.env'))

interface ScrapeJob {
  readonly job_name: string
  readonly static_configs: readonly {
    readonly targets: readonly string[]
    readonly labels: { readonly side: string }
  }[]
}
const prometheus = parse(read('docker/prometheus/prometheus.yml')) as {
  rule_files: string[]
  scrape_configs: ScrapeJob[]
}
const jobs = prometheus.scrape_configs.map(({ job_name: name, static_configs: [first] }) => {
  const [host = '', port = ''] = first?.targets[0]?.split(':') ?? []
  return { name, host, port: Number(port), side: first?.labels.side }
})

interface Rule {
  readonly alert: string
  readonly expr: string
  readonly labels: { readonly severity: string }
  readonly annotations: { readonly summary: string }
}
const alerts = parse(read('docker/prometheus/alerts.yml')) as { groups: { rules: Rule[] }[] }
const rules = alerts.groups.flatMap((group) => group.rules)

interface Dashboard {
  readonly uid: string
  readonly panels: readonly {
    readonly title: string
    readonly datasource: { readonly uid: string }
    readonly targets: readonly { readonly expr: string }[]
  }[]
}
const dashboards = readdirSync(join(root, 'docker/grafana/dashboards')).map((file) => ({
  file,
  ...(JSON.parse(read(`docker/grafana/dashboards/${file}`)) as Dashboard),
}))

/** Metrics of docs/operations.md; a role's own stand there as `sv2_<role>_…`. */
const documented = [...read('docs/operations.md').matchAll(/^\| `(sv[12]_[a-z0-9_<>]+)` \|/gm)].map(
  ([, name = '']) => new RegExp(`^${name.replace('<role>', '[a-z]+')}$`),
)
const ofEveryProcess = new Set([
  'up',
  ...createRegistry('any')
    .getMetricsAsArray()
    .map(({ name }) => name),
])

/** Metrics that an expression asks for and nobody has. */
function unknownMetrics(expression: string): readonly string[] {
  const bare = expression.replace(/\{[^}]*\}/g, '').replace(/\bby \([^)]*\)/g, '')
  const names = [...bare.matchAll(/\b(up|(?:sv[12]|process|nodejs)_\w+)\b/g)].map(([, name = '']) => name)
  return names
    .map((name) => name.replace(/_(bucket|sum|count)$/, ''))
    .filter((name) => !ofEveryProcess.has(name) && !documented.some((pattern) => pattern.test(name)))
}

/** Services and sides that an expression selects and Prometheus does not have. */
function unknownSelections(expression: string): readonly string[] {
  const known = new Set(jobs.flatMap(({ name, side }) => [`job="${name}"`, `side="${side}"`]))
  return [...expression.matchAll(/\b(?:job|side)="[^"]*"/g)]
    .map(([all]) => all)
    .filter((all) => !known.has(all))
}

describe('Prometheus', () => {
  test('asks every service of ours that has metrics, and no other', () => {
    const ours = services.filter((service) => ![undefined, 'keys'].includes(appOf(service)))
    expect(jobs.map(({ host }) => host).sort()).toEqual(ours.map(({ name }) => name).sort())
    for (const { name, host } of jobs) expect(name).toBe(host)
  })

  test.each(jobs)('asks $name on the port of its health check', ({ host, port }) => {
    const service = services.find(({ name }) => name === host)!
    const app = appOf(service) ?? ''
    const check = service.healthcheck?.test ?? readStage(app)?.healthcheck
    if (!existsSync(join(root, 'apps', app))) return
    expect(String(check)).toContain(`:${port}/healthz`)
  })

  test('is given its rules where its configuration looks for them', () => {
    const service = services.find(({ name }) => name === 'prometheus')!
    const [config = ''] = service.command ?? []
    expect(mountAt(service, config.replace('--config.file=', ''))?.source).toBe(
      './docker/prometheus/prometheus.yml',
    )
    for (const file of prometheus.rule_files)
      expect(mountAt(service, file)?.source).toBe('./docker/prometheus/alerts.yml')
  })
})

describe.each(rules)('alert $alert', ({ expr, labels, annotations }) => {
  test('asks for metrics and services that there are', () => {
    expect(unknownMetrics(expr)).toEqual([])
    expect(unknownSelections(expr)).toEqual([])
  })

  test('says how urgent it is, and what is wrong', () => {
    expect(['page', 'warn']).toContain(labels.severity)
    expect(annotations.summary).not.toBe('')
  })
})

describe.each(dashboards)('dashboard $file', ({ uid, file, panels }) => {
  test.each(panels)('$title: asks for metrics and services that there are', ({ datasource, targets }) => {
    expect(targets).not.toEqual([])
    expect(datasource.uid).toBe('prometheus')
    for (const { expr } of targets) {
      expect(unknownMetrics(expr)).toEqual([])
      expect(unknownSelections(expr)).toEqual([])
    }
  })

  test('has the name of its file, and Grafana finds it', () => {
    expect(file).toBe(`${uid}.json`)
    const grafana = services.find(({ name }) => name === 'grafana')!
    expect(mountAt(grafana, `/etc/dashboards/${file}`)?.source).toBe('./docker/grafana/dashboards')
    expect(read('docker/grafana/provisioning/dashboards/sv2.yml')).toContain('path: /etc/dashboards')
  })
})

test('a metric or service that nobody has is found out', () => {
  expect(unknownMetrics('rate(sv2_pool_jobs_sent_total{reason="tip"}[5m])')).toEqual([])
  expect(unknownMetrics('sum by (job) (sv2_pool_bread_total) > up')).toEqual(['sv2_pool_bread_total'])
  expect(unknownSelections('up{job="pool"} + up{job="baker"}')).toEqual(['job="baker"'])
})
