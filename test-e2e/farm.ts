import { once } from 'node:events'
import { appendFileSync } from 'node:fs'
import type { RegtestNode } from '@sv2/regtest-node'
import {
  type AppProcess,
  type PartName,
  startTopology,
  type Topology,
  type TopologyOptions,
} from '@sv2/topology'
import { V1Client } from './v1-client.ts'

/** What blocks of the pool pay. */
export const POOL_SCRIPT_HEX = '00140000000000000000000000000000000000000000'

/** A block takes some 86,000 hashes: a miner of these tests finds one in seconds, and many shares before. */
const DIFFICULTY = 2e-5

/** No hash rate but what a test starts itself. */
const DEVICES: readonly PartName[] = ['sv1-miner', 'device-1', 'device-2', 'device-3']

/** Starts pool and farm as processes. What they log goes to the file that `SV2_E2E_LOG` names. */
export function startFarm(options: TopologyOptions = {}): Promise<Topology> {
  const { without = DEVICES } = options
  const logFile = process.env.SV2_E2E_LOG
  return startTopology({
    difficulty: DIFFICULTY,
    ...options,
    without,
    onLine(part, line) {
      options.onLine?.(part, line)
      if (logFile !== undefined) appendFileSync(logFile, `${JSON.stringify({ part, ...line })}\n`)
    },
  })
}

/** A V1 miner at the translator that comes back whenever its connection ends, as they do. */
export class PersistentMiner {
  readonly #topology: Topology
  readonly #sessions: V1Client[] = []
  #stopped = false
  #paused = false
  #woken: (() => void)[] = []

  constructor(topology: Topology) {
    this.#topology = topology
    void this.#run()
  }

  /** Codes of the shares that were refused. */
  get refused(): readonly number[] {
    return this.#sessions.flatMap(({ refused }) => refused)
  }

  /** Hashes of all shares that it was told are accepted. */
  get accepted(): ReadonlySet<string> {
    return new Set(this.#sessions.flatMap(({ accepted }) => [...accepted]))
  }

  /** Waits until more shares were accepted. */
  async acceptedMore(count = 1): Promise<void> {
    const wanted = this.accepted.size + count
    while (this.accepted.size < wanted) {
      const session = this.#sessions.at(-1)
      if (session === undefined || session.closed) await new Promise<void>((wake) => this.#woken.push(wake))
      else {
        const before = session.accepted.size
        await Promise.race([session.until(() => session.accepted.size > before), session.ended()]).catch(
          () => undefined,
        )
      }
    }
  }

  /** Stops hashing, and stays connected. */
  pause(): void {
    this.#paused = true
    this.#sessions.at(-1)?.pause()
  }

  /** Hashes again. */
  resume(): void {
    this.#paused = false
    this.#sessions.at(-1)?.start()
  }

  stop(): void {
    this.#stopped = true
    this.#sessions.at(-1)?.stop()
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const session = new V1Client(this.#topology.port('translator'))
      try {
        await session.login()
        if (!this.#paused) session.start()
        this.#sessions.push(session)
        for (const wake of this.#woken.splice(0)) wake()
        await session.ended()
      } catch (error) {
        if (!session.closed) throw error
        await once(AbortSignal.timeout(100), 'abort')
      }
    }
  }
}

/** Waits for a line that comes after now. */
export function loggedNext(
  process: AppProcess,
  fits: Parameters<AppProcess['logged']>[0],
): ReturnType<AppProcess['logged']> {
  return process.logged(fits, process.place)
}

/** Nobody hashes, and pool and server have just agreed to a job on the tip of both nodes: the next block is on that. */
export async function agreed(topology: Topology, miner: PersistentMiner): Promise<void> {
  await nextBlock(topology.node)
  miner.pause()
  const server = topology.process('negotiator-server')
  const client = topology.process('negotiator-client')
  const isAgreed = (): boolean => {
    const tip = client.log.findLastIndex(({ msg }) => msg === 'new tip')
    const best = [topology.node.bestHash(), topology.farmNode.bestHash()]
    return (
      best.every((hash) => hash === client.log[tip]?.prevHash) &&
      server.log.some(({ msg, height }) => msg === 'job accepted' && height === topology.node.height() + 1) &&
      client.log.findLastIndex(({ msg }) => msg === 'job acknowledged') > tip
    )
  }
  // two blocks of one parent, each the tip of one node: the next block decides
  const isSplit = (): boolean =>
    topology.node.height() === topology.farmNode.height() &&
    topology.node.bestHash() !== topology.farmNode.bestHash()
  while (!isAgreed()) {
    if (isSplit()) await topology.node.generate(1)
    // its last line may be here before that of the server
    await Promise.race([loggedNext(client, () => true), once(AbortSignal.timeout(500), 'abort')])
  }
}

/** How often a process has logged a line since a place. */
export function timesLogged(process: AppProcess, msg: string, from = 0): number {
  return process.log.slice(from).filter((line) => line.msg === msg).length
}

/** Waits until a node has a block of this hash in its chain. */
export async function inChain(node: RegtestNode, hash: string): Promise<void> {
  if (isInChain(node, hash)) return
  await new Promise<void>((resolve) => {
    const stop = node.onBlock((block) => {
      if (block.hash !== hash) return
      stop()
      resolve()
    })
  })
}

/** Waits until both nodes have the same tip, above what they have now. */
export async function bothMineOn({ node, farmNode }: Topology): Promise<void> {
  const before = Math.max(node.height(), farmNode.height())
  const isSo = () => node.bestHash() === farmNode.bestHash() && node.height() > before
  await new Promise<void>((resolve) => {
    const stops = [node, farmNode].map((each) =>
      each.onBlock(() => {
        if (!isSo()) return
        for (const stop of stops) stop()
        resolve()
      }),
    )
  })
}

/** Whether a block is in the active chain of a node. */
export function isInChain(node: RegtestNode, hash: string): boolean {
  const entry = node.core.chain.entry(hash)
  return entry !== undefined && node.core.chain.at(entry.height) === entry
}

/** The next block of a node that fits. */
export function nextBlock(node: RegtestNode, fits: (hash: string) => boolean = () => true): Promise<string> {
  return new Promise((resolve) => {
    const stop = node.onBlock(({ hash }) => {
      if (!fits(hash)) return
      stop()
      resolve(hash)
    })
  })
}

/** The sum of a metric's values over its labels, as a part serves it. */
export async function metric(topology: Topology, part: PartName, name: string): Promise<number> {
  const text = await (await fetch(`${topology.monitoring(part)}/metrics`)).text()
  const lines = text.split('\n').filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
  if (lines.length === 0) throw new Error(`${part} has no metric ${name}`)
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
}

/** Waits until a metric fits; it is read again whenever the process has logged something. */
export async function metricUntil(
  topology: Topology,
  from: { readonly part: PartName; readonly name: string },
  fits: (value: number) => boolean,
): Promise<number> {
  for (;;) {
    const value = await metric(topology, from.part, from.name)
    if (fits(value)) return value
    const process = topology.process(from.part)
    await process.logged(() => true, process.place)
  }
}
