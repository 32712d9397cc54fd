import {
  type AppContext,
  drain,
  FactGatherer,
  liveGauges,
  loadTokenKey,
  RecordSender,
  SolutionFiles,
  startRole,
  VERSION,
} from '@sv2/app-kit'
import { Pool } from '@sv2/roles/pool'
import { fastSha256d, randomBytes } from '@sv2/runtime'
import { createObserver } from '../observe.ts'
import { presentCoinbase } from '../present-coinbase.ts'
import { isRecord, poolServers } from '../role-of-pool.ts'
import { poolSettings, takesCustomWork } from '../settings.ts'
import type { FromWorker, ToWorker, WorkerQuestion, WorkerStart } from './messages.ts'
import { numbersOf, recordsWaitMs, workerConfig } from './worker-config.ts'

/** How often it tells what has happened, ms; sums of shares so many times less often: a thousand channels are a thousand of them. */
const TELL_EVERY_MS = 500
const SUMS_EVERY = 4

/** A worker with open doors. */
export interface RunningWorker {
  take(message: Exclude<ToWorker, { kind: 'start' | 'end' }>): void
  /** Sends what is left, after the connections are closed. */
  settle(): void
}

/** Starts the pool's role in a worker process: miners and template provider here, everything there is one of in the main process. */
export async function startWorker(
  start: WorkerStart,
  context: AppContext,
  send: (message: FromWorker) => void,
): Promise<RunningWorker> {
  const { log, registry, clock } = context
  const { place, workers, distribution } = start
  const config = workerConfig(start.config, workers)
  const { journal, custom_work, job_negotiator, network } = config
  const observe = createObserver(log, registry)
  const mac = takesCustomWork(config)
    ? (await loadTokenKey(config.data_dir, custom_work.token_key_file)).mac
    : undefined
  const run = { epoch: start.epoch, secret: randomBytes(32), hasSiblings: true }
  const files = new SolutionFiles(config.data_dir, log)
  const role = new Pool(
    { ...poolSettings(config, VERSION, run), solutions: start.solutions },
    { sha256d: fastSha256d, mac, usedTokens: start.usedTokens, sharesTokens: true },
  )
  const records = new RecordSender(
    { network, numbers: numbersOf(place, workers), waitMs: recordsWaitMs(journal) },
    { send: (records) => send({ kind: 'records', records }), now: () => clock.now() },
  )
  const facts = new FactGatherer()
  const started = startRole(context, {
    role,
    counter: facts,
    onEffect(fact) {
      if (isRecord(fact)) return records.perform(fact)
      if (fact.kind === 'tokenUsed') return send({ kind: 'token', token: fact.token })
      if (fact.kind === 'keepSolution' || fact.kind === 'forgetSolution') {
        files.perform(fact)
        const isKept = fact.kind === 'keepSolution'
        return send({ kind: 'solution', hash: isKept ? fact.solution.hash : fact.hash, isKept })
      }
      if (fact.kind !== 'solutionPushed' || !job_negotiator.enabled) return observe.fact(fact)
      send({ kind: 'solved', solution: fact.solution })
      observe.fact({ ...fact, negotiators: fact.negotiators + 1 })
    },
    servers: poolServers(config),
    farewell: drain({ host: config.drain_to_host, port: config.drain_to_port }),
  })
  const gauge = liveGauges(registry)
  gauge('sv2_clients_total', 'Connected miners', () => role.counts.connections)
  gauge('sv2_client_channels', 'Open channels', () => role.counts.channels)
  if (!start.isRecording) started.engine.tell({ kind: 'recordingFailed' })
  if (distribution !== undefined) started.engine.tell(distribution)

  let tellings = 0
  const tell = (withSums: boolean): void => {
    const numbers = { hasWork: role.hasWork, ...role.counts, ...observe.totals() }
    send({ kind: 'told', facts: facts.take({ withSums }), numbers })
  }
  const answer = async ({ kind, ...about }: WorkerQuestion) => {
    if (kind === 'metrics') return registry.getMetricsAsJSON()
    return presentCoinbase(role, (about as { account: string }).account, network)
  }
  const urls = await started.open(config, { port: { kind: 'miners' } })
  const telling = setInterval(() => tell(tellings++ % SUMS_EVERY === 0), TELL_EVERY_MS)
  send({ kind: 'ready', urls })
  tell(true)
  return {
    take(message) {
      switch (message.kind) {
        case 'event':
          if (message.event.kind === 'recordingFailed') records.failed()
          return started.engine.tell(message.event)
        case 'disconnect':
          return started.disconnect(message.session)
        case 'question': {
          const { id, question } = message
          return void answer(question).then((given) => send({ kind: 'answer', id, answer: given }))
        }
      }
    },
    settle() {
      clearInterval(telling)
      records.flush()
      tell(true)
    },
  }
}
