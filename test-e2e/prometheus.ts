import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createLogger, createRegistry, type Logger, type Registry, serveMonitoring } from '@sv2/app-kit'
import { freePort } from '@sv2/topology'
import { vi } from 'vitest'
import { type PeerProcess, startPeer } from './peer-process.ts'

/** The Prometheus of this machine: named by `PROMETHEUS`, or on the `PATH`. */
const BINARY = process.env.PROMETHEUS ?? 'prometheus'

/** Whether there is one, and why not for the title of a skipped test. */
export const hasPrometheus = spawnSync(BINARY, ['--version'], { stdio: 'ignore' }).status === 0
export const orWhyNot = hasPrometheus
  ? ''
  : ' (skipped: no prometheus on the PATH, and PROMETHEUS names no binary)'

const ALERTS = resolve(import.meta.dirname, '../docker/prometheus/alerts.yml')

/**
 * Which copy of the rules an alert is of. `written`: as in the file, but that conditions hold for a second before they
 * fire. `quick`: what looks back some minutes looks back some seconds too, so that its end can be seen.
 */
export type Rules = 'written' | 'quick'

/** What is counted and scraped. */
export interface Endpoint<T> {
  readonly job: string
  readonly observer: T
  close(): Promise<void>
}

/** A real Prometheus that evaluates the alerts which we ship; tests tell it what to scrape. */
export class Prometheus {
  readonly #peer: PeerProcess
  readonly #url: string
  readonly #folder: string
  #watched = 0
  readonly #targets = new Map<string, number>()

  private constructor(peer: PeerProcess, where: { readonly url: string; readonly folder: string }) {
    this.#peer = peer
    this.#url = where.url
    this.#folder = where.folder
  }

  static async start(): Promise<Prometheus> {
    const folder = mkdtempSync(join(tmpdir(), 'sv2-prometheus-'))
    const port = await freePort(0)
    const shipped = readFileSync(ALERTS, 'utf8')
    for (const rules of ['written', 'quick'] as const)
      writeFileSync(join(folder, `${rules}.yml`), copyOf(shipped, rules))
    writeFileSync(
      join(folder, 'prometheus.yml'),
      // JSON is YAML
      JSON.stringify({
        global: { scrape_interval: '200ms', scrape_timeout: '200ms', evaluation_interval: '200ms' },
        rule_files: ['written.yml', 'quick.yml'],
        scrape_configs: [
          { job_name: 'any', file_sd_configs: [{ files: ['targets.json'], refresh_interval: '1s' }] },
        ],
      }),
    )
    const peer = startPeer(BINARY, [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=warn',
    ])
    const prometheus = new Prometheus(peer, { url: `http://127.0.0.1:${port}`, folder })
    prometheus.#tellTargets()
    await prometheus.until(async () => (await fetch(`${prometheus.#url}/-/ready`)).ok)
    return prometheus
  }

  async stop(): Promise<void> {
    await this.#peer.stop()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  /** Serves what an observer counts, as an app does, and scrapes it under a job of its own; answers when it was seen. */
  async watch<T>(name: string, observe: (log: Logger, registry: Registry) => T): Promise<Endpoint<T>> {
    const job = `${name}-${++this.#watched}`
    const registry = createRegistry(name)
    const observer = observe(createLogger(job, { level: 'fatal', format: 'json' }), registry)
    const health = () => ({ ok: true })
    const server = await serveMonitoring({ host: '127.0.0.1', port: 0 }, { registry, health })
    await this.scrape(job, server.port)
    return {
      job,
      observer,
      close: () => {
        this.forget(job)
        return server.close()
      },
    }
  }

  /** Scrapes the metrics at a port of this machine, and answers when it has. */
  async scrape(job: string, port: number): Promise<void> {
    this.#targets.set(job, port)
    this.#tellTargets()
    await this.until(async () => (await this.values(`up{job="${job}"}`))[0] === 1)
  }

  forget(job: string): void {
    this.#targets.delete(job)
    this.#tellTargets()
  }

  /** Values of the series that an expression gives now. */
  async values(expression: string): Promise<number[]> {
    const answer = await fetch(`${this.#url}/api/v1/query?query=${encodeURIComponent(expression)}`)
    const { data } = (await answer.json()) as { data: { result: { value: [number, string] }[] } }
    return data.result.map(({ value: [, text] }) => Number(text))
  }

  /** Whether an alert fires now; without a job: for anybody. */
  async fires(alert: string, of: { readonly job?: string; readonly rules: Rules }): Promise<boolean> {
    return (await this.values(firing(alert, of))).length > 0
  }

  /** Whether it fired at any time since this Prometheus was started. */
  async hasFired(alert: string, of: { readonly job?: string; readonly rules: Rules }): Promise<boolean> {
    return (await this.values(`count_over_time(${firing(alert, of)}[1h])`)).length > 0
  }

  /** How often a job has answered so far. */
  async scrapes(job: string): Promise<number> {
    return (await this.values(`sum_over_time(up{job="${job}"}[1h])`))[0] ?? 0
  }

  /** Waits until something is so; rejects when Prometheus ends before, or it takes a minute. */
  async until(isSo: () => Promise<boolean>): Promise<void> {
    const met = vi.waitFor(
      async () => {
        if (!(await isSo())) throw new Error(`never so: ${isSo}`)
      },
      { timeout: 60_000, interval: 100 },
    )
    await Promise.race([met, this.#peer.failed])
  }

  /** Written aside and renamed: Prometheus reads it whenever it changes. */
  #tellTargets(): void {
    const groups = [...this.#targets].map(([job, port]) => ({
      targets: [`127.0.0.1:${port}`],
      labels: { job },
    }))
    const file = join(this.#folder, 'targets.json')
    writeFileSync(`${file}.new`, JSON.stringify(groups))
    renameSync(`${file}.new`, file)
  }
}

function firing(alert: string, { job, rules }: { readonly job?: string; readonly rules: Rules }): string {
  const ofJob = job === undefined ? '' : `,job="${job}"`
  return `ALERTS{alertname="${alert}",alertstate="firing",rules="${rules}"${ofJob}}`
}

/** The file as it is shipped, but for its times; each alert carries the name of the copy. */
function copyOf(shipped: string, rules: Rules): string {
  const marked = shipped.replace(/for: \d+m/g, 'for: 1s').replace(/labels: \{/g, `labels: { rules: ${rules},`)
  if (rules === 'written') return marked
  return marked.replace(/\[\d+m\]/g, '[5s]').replace(/uptime_seconds < \d+/g, 'uptime_seconds < 5')
}
