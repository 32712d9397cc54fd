import type { Network } from '@sv2/bitcoin'
import type { PushSolution } from '@sv2/messages'
import {
  type KeepJob,
  NegotiatorServer,
  type NegotiatorServerSettings,
  PoolFeed,
  type ServerEvent,
} from '@sv2/roles/negotiator'
import {
  fastSha256,
  fastSha256d,
  MempoolWatch,
  NodeWatch,
  proposeBlock,
  randomBytes,
  SolvedBlocks,
  type UpstreamSettings,
} from '@sv2/runtime'
import type { AppContext } from './app.ts'
import { type NegotiationConfig, negotiatorSettings } from './config/negotiator.ts'
import { nodeRpcs } from './config/node.ts'
import type { ServerConfig } from './doors.ts'
import { JobFiles } from './job-files.ts'
import { liveGauges } from './monitoring.ts'
import { observeNegotiator, observePoolFeed } from './observe/negotiator.ts'
import { observeNode } from './observe/node.ts'
import { startRole } from './start-role.ts'
import { loadTokenKey } from './token-key.ts'
import { VERSION } from './version.ts'

/** The configuration of a job negotiator server. */
export type NegotiatorServerConfig = ServerConfig & NegotiationConfig & { readonly network: Network }

/** A job negotiator server that runs. */
export interface RunningNegotiatorServer {
  /** One URL per door and edition, for the config of clients. */
  readonly urls: readonly string[]
  /** The pool in this process found a block on a job that was checked here. */
  readonly solved: (solution: PushSolution) => void
  /** The pool in this process has another payout distribution. */
  readonly distribute: (event: Extract<ServerEvent, { kind: 'distribution' }>) => void
  /** Live numbers; `ok` while jobs can be checked. */
  readonly health: () => { readonly ok: boolean } & NegotiatorServer['counts']
}

/** Each new tip is told at once; besides it a template is asked for this often, ms. */
const TEMPLATE_INTERVAL_MS = 15_000

/** Transactions fetched from a node at one time, and in one look. */
const FETCH = { concurrency: 4, perLook: 4_096 }

/**
 * Hears the payout distributions of a pool in another process, and tells the server.
 * @param identity of its channel at the pool
 */
export function followPool(
  server: Pick<RunningNegotiatorServer, 'distribute'>,
  pool: { readonly settings: UpstreamSettings; readonly identity: string },
  context: AppContext,
): void {
  const identification = { vendor: 'sv2', hardwareVersion: 'job-negotiator', firmware: VERSION, deviceId: '' }
  startRole(context, {
    role: new PoolFeed({ identification, endpoint: pool.settings, userIdentity: pool.identity }),
    connections: 'connection to the pool',
    onEffect(fact) {
      observePoolFeed(context.log, fact)
      // jobs that a settlement has voided are refused by the pool itself
      if (fact.kind === 'distributionHeard')
        server.distribute({ kind: 'distribution', distribution: fact.distribution, voids: false })
    },
    servers: [
      {
        name: 'pool',
        port: { kind: 'pool' },
        settings: pool.settings,
        onFailed: { text: 'the pool cannot be reached' },
      },
    ],
  })
}

/** Starts a job negotiator server: its role, the node that checks jobs, the mempool, the blocks that were solved. */
export async function startNegotiatorServer(
  config: NegotiatorServerConfig,
  use: {
    readonly context: AppContext
    readonly payout: NegotiatorServerSettings['payout']
    /** Scripts, hex. */
    readonly furtherOutputs: readonly string[]
  },
): Promise<RunningNegotiatorServer> {
  const { log, registry, scope, clock } = use.context
  const key = await loadTokenKey(config.data_dir, config.token_key_file)
  if (key.made) log.info({ file: key.file }, 'made a new token key; the pool needs a copy of it')
  const observe = observeNegotiator(log, registry)
  const observeNodes = observeNode(log, registry, 'sv2_negotiator')
  const nodes = nodeRpcs(config.nodes)
  const server = new NegotiatorServer(negotiatorSettings(config, use), {
    sha256d: fastSha256d,
    sha256: fastSha256,
    mac: key.mac,
    randomBytes,
  })
  const blocks = new SolvedBlocks(config.data_dir, {
    nodes,
    onFate(fate) {
      observeNodes.fate(fate)
      if (fate.outcome === 'accepted') watch.poke()
    },
    onDiskTrouble: observeNodes.diskTrouble,
  })
  const check = async (proposalId: number, block: Uint8Array): Promise<void> => {
    const verdict = await proposeBlock(nodes, block, observeNodes.proposalUndecided)
    engine.tell({ kind: 'proposalChecked', proposalId, verdict })
  }
  const jobs = new JobFiles(config.data_dir, { onTrouble: observe.jobDiskTrouble })
  const keep = async ({ proposalId, job }: KeepJob): Promise<void> => {
    const isKept = await jobs.keep(job, clock.now())
    engine.tell({ kind: 'jobKept', proposalId, job, isKept })
  }
  // Closed after the connections: a block may come until they are.
  scope.own('solved blocks', () => blocks.stop())
  scope.own('accepted jobs', () => jobs.stop())
  const { engine, open } = startRole(use.context, {
    role: server,
    connections: 'job negotiator connections',
    onEffect(effect) {
      if (effect.kind === 'proposeBlock') return void check(effect.proposalId, effect.block)
      if (effect.kind === 'keepJob') return void keep(effect)
      if (effect.kind === 'forgetJob') return void jobs.forget(effect.id)
      if (effect.kind !== 'submitBlock') return observe.fact(effect)
      observeNodes.solved(effect)
      void blocks.submit(effect)
    },
  })
  const intervalMs = config.transactions.interval_sec * 1000
  const watch = new NodeWatch(nodes[0]!, {
    settings: { network: config.network, intervalMs: TEMPLATE_INTERVAL_MS },
    observer: {
      onTemplate: (template) => engine.tell({ kind: 'nodeTemplate', template }),
      onState: observeNodes.state,
      onTip: (tip) => void blocks.moved(tip),
    },
  })
  scope.own('node watch', () => watch.stop())
  const mempool = new MempoolWatch(nodes[0]!, {
    settings: { intervalMs, maxTransactions: config.transactions.max_transactions, ...FETCH },
    observer: {
      onTransactions: (transactions) => engine.tell({ kind: 'transactions', transactions }),
      onTrouble: observe.mempoolTrouble,
    },
  })
  scope.own('mempool watch', () => mempool.stop())
  const kept = await jobs.start()
  if (kept.length > 0) log.info({ jobs: kept.length }, 'jobs of an earlier run are kept')
  engine.tell({ kind: 'jobsRestored', jobs: kept })
  const left = await blocks.start()
  if (left > 0) log.warn({ blocks: left }, 'submitting blocks of an earlier run again')
  void watch.run()
  void mempool.run()

  const gauge = liveGauges(registry)
  gauge('sv2_negotiator_clients', 'Connected clients', () => server.counts.clients)
  gauge('sv2_negotiator_jobs_pending', 'Jobs that wait for a verdict', () => server.counts.pendingJobs)
  gauge('sv2_negotiator_jobs_kept', 'Accepted jobs kept for solutions', () => server.counts.keptJobs)
  gauge('sv2_negotiator_transactions', 'Transactions in the cache', () => server.counts.transactions)
  gauge('sv2_negotiator_transaction_bytes', 'Memory of the cache', () => server.counts.transactionBytes)
  const urls = await open(config, { port: { kind: 'clients' } })
  return {
    urls,
    distribute: (event) => engine.tell(event),
    solved: (solution) => engine.tell({ kind: 'solution', solution }),
    health: () => ({ ok: watch.isReady && server.hasTip, ...server.counts }),
  }
}
