import {
  AggregatorRegistry,
  type AppContext,
  Counter,
  Gauge,
  liveGauges,
  loadTokenKey,
  nextEpoch,
  SharedJournal,
  SolutionFiles,
  Statistics,
  serveNumbers,
  sessionThere,
  ToldFacts,
  UsedTokenFile,
} from '@sv2/app-kit'
import type { PoolEvent } from '@sv2/roles/pool'
import type { RunningPool } from '../app.ts'
import { openBooks } from '../books.ts'
import type { PoolConfig } from '../config.ts'
import { startEmbeddedNegotiator } from '../embedded-negotiator.ts'
import { servedApi } from '../served-api.ts'
import { takesCustomWork } from '../settings.ts'
import type { FromWorker, WorkerNumbers } from './messages.ts'
import { TokenDesk } from './token-desk.ts'
import { numbersOf, recordsWaitMs } from './worker-config.ts'
import { type WorkerProcess, WorkerProcesses, workersLog } from './worker-processes.ts'

/** Starts a pool of several worker processes: this one has all that there is one of (docs/architecture.md). */
export async function startWorkers(
  config: PoolConfig,
  context: AppContext,
  workers: number,
): Promise<RunningPool> {
  const { log, registry, scope, clock } = context
  const { data_dir: dataDir } = config
  const embedded = await startEmbeddedNegotiator(config, context)
  // made before the workers read it
  if (takesCustomWork(config)) await loadTokenKey(dataDir, config.custom_work.token_key_file)
  const tokens = new TokenDesk(new UsedTokenFile(dataDir, { log, now: clock.now() }))
  const solutions = new Solutions(new SolutionFiles(dataDir, log))
  const stats = new Statistics({ maxWorkers: config.api.max_workers }, clock.now)
  const told = new ToldFacts(stats)
  const numbers = new Map<number, WorkerNumbers>()
  let distribution: Extract<PoolEvent, { kind: 'distribution' }> | undefined
  const journal = new SharedJournal({
    append: (record) => books?.journal.append(record),
    appendWrittenShares: (fields) => books?.journal.appendWrittenShares(fields),
    tell: (number, event) => processes.tell(number, { kind: 'event', event }),
  })
  const restarts = new Counter({
    name: 'sv2_pool_worker_process_restarts_total',
    help: 'Worker processes that were started again',
    registers: [registry],
  })
  const processes = new WorkerProcesses(workers, {
    log,
    async start({ number, place }) {
      const epoch = await nextEpoch(dataDir)
      return {
        config: { ...config, log: workersLog(config.log) },
        place,
        workers,
        epoch,
        usedTokens: tokens.used,
        solutions: solutions.giveTo(number),
        distribution: distribution && { ...distribution, voids: false },
        isRecording: journal.join(number),
      }
    },
    heard,
    gone({ number }) {
      journal.leave(number)
      solutions.leave(number)
      told.gone(number)
      numbers.delete(number)
    },
    restarted: () => restarts.inc(),
  })

  function heard(
    { number }: WorkerProcess,
    message: Exclude<FromWorker, { kind: 'here' | 'ready' | 'failed' | 'answer' }>,
  ): void {
    switch (message.kind) {
      case 'records':
        return journal.take(number, message.records)
      case 'told':
        numbers.set(number, message.numbers)
        return told.take(number, message.facts)
      case 'token': {
        const token = tokens.claim(message.token, clock.now())
        return processes.tellAll({ kind: 'event', event: { kind: 'tokenTaken', token } })
      }
      case 'solution':
        return solutions.note(number, message)
      case 'solved':
        return embedded?.solved(message.solution)
    }
  }

  const books = await openBooks(
    { ...config, journal: { ...config.journal, flush_ms: recordsWaitMs(config.journal) } },
    context,
    (event) => {
      if (event.kind !== 'distribution') return journal.heard(event)
      distribution = event
      embedded?.distribute(event)
      processes.tellAll({ kind: 'event', event })
    },
    numbersOf(0, workers),
  )
  for (const { message } of solutions.left) if (message.type === 'PushSolution') embedded?.solved(message)
  scope.own('worker processes', () => processes.close())
  const urls = await processes.open()
  const sum = (of: (numbers: WorkerNumbers) => number): number =>
    [...numbers.values()].reduce((total, one) => total + of(one), 0)
  const counts = () => ({
    connections: sum((one) => one.connections),
    channels: sum((one) => one.channels),
    accepted: sum((one) => one.accepted),
    refused: sum((one) => one.refused),
    blocks: sum((one) => one.blocks),
    hashrate: sum((one) => one.hashrate),
  })
  processGauges(registry, processes, numbers)
  const monitoringPort = await serveNumbers(context, config.monitoring, {
    stats,
    health: () => {
      const { connections, channels } = counts()
      const ok = [...numbers.values()].some(({ hasWork }) => hasWork)
      return { ok, connections, channels, workerProcesses: processes.ready.length }
    },
    api: servedApi(config, books, {
      now: () => clock.now(),
      coinbase: async (account) =>
        (await processes.ask({ kind: 'coinbase', account })).find((one) => one !== undefined),
    }),
    doors: () => urls,
    disconnect(number) {
      const there = sessionThere(number)
      processes.tell(there.process, { kind: 'disconnect', session: there.session })
    },
    metrics: {
      contentType: registry.contentType,
      async metrics() {
        const all = [await registry.getMetricsAsJSON(), ...(await processes.ask({ kind: 'metrics' }))]
        return AggregatorRegistry.aggregate(all).metrics()
      },
    },
  })
  return { urls, negotiatorUrls: embedded?.urls ?? [], monitoringPort, counts }
}

/** What is to be seen of each worker process; there are 64 at most. */
function processGauges(
  registry: AppContext['registry'],
  processes: WorkerProcesses,
  numbers: ReadonlyMap<number, WorkerNumbers>,
): void {
  liveGauges(registry)(
    'sv2_pool_worker_processes',
    'Worker processes with open doors',
    () => processes.ready.length,
  )
  const perProcess = (name: string, help: string, of: (numbers: WorkerNumbers) => number): void => {
    new Gauge({
      name,
      help,
      labelNames: ['worker_process'],
      registers: [registry],
      collect() {
        this.reset()
        for (const { number, place } of processes.ready) {
          const known = numbers.get(number)
          if (known !== undefined) this.set({ worker_process: String(place) }, of(known))
        }
      },
    })
  }
  perProcess('sv2_pool_worker_process_clients', 'Connected miners of a worker process', (n) => n.connections)
  perProcess('sv2_pool_worker_process_channels', 'Open channels of a worker process', (n) => n.channels)
  perProcess('sv2_pool_worker_process_hashrate', 'Hash rate of a worker process, H/s', (n) => n.hashrate)
}

/** Files of found blocks: which worker submits which. */
class Solutions {
  readonly #files: SolutionFiles
  /** Worker that has a block, by its hash. */
  readonly #owners = new Map<string, number>()
  /** Blocks of an earlier run. */
  readonly left: ReturnType<SolutionFiles['load']>

  constructor(files: SolutionFiles) {
    this.#files = files
    this.left = files.load()
  }

  /** The blocks that no running worker has are the new one's. */
  giveTo(process: number): ReturnType<SolutionFiles['load']> {
    const free = this.#files.load().filter(({ hash }) => !this.#owners.has(hash))
    for (const { hash } of free) this.#owners.set(hash, process)
    return free
  }

  note(process: number, { hash, isKept }: { readonly hash: string; readonly isKept: boolean }): void {
    if (isKept) this.#owners.set(hash, process)
    else this.#owners.delete(hash)
  }

  leave(process: number): void {
    for (const [hash, owner] of this.#owners) if (owner === process) this.#owners.delete(hash)
  }
}
