import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeTokenKeyFile } from '@sv2/app-kit'
import { hex, type Network } from '@sv2/bitcoin'
import type { RegtestNode } from '@sv2/regtest-node'
import { AppProcess, type Ending, type LogLine } from './app-process.ts'
import { freePort } from './free-port.ts'
import { type NodeAccess, type Part, type PartName, partsOf, TAG } from './parts.ts'
import { PeerNodes } from './peer-nodes.ts'

/** How a topology is to be. Everything has a default. */
export interface TopologyOptions {
  /** Pool and farm, or the pool alone with devices on it; default all. */
  readonly side?: 'all' | 'pool'
  /** What the processes are started from; default the sources. */
  readonly from?: 'sources' | 'dist'
  readonly edition?: 'current' | 'draft'
  /** Difficulty of the network; default 1e-5, some 43,000 hashes a block. */
  readonly difficulty?: number
  /** H/s of each device, at most; default 10,000. */
  readonly hashrate?: number
  /** Transactions a second that fill the mempools; default 0. */
  readonly transactions?: number
  /** Well-known ports where they are free; default any free ones. */
  readonly knownPorts?: boolean
  /** Folder for configurations, keys and blocks, which stays; default a temporary one. */
  readonly dataDir?: string
  /** Parts that are left out; those behind them connect to the next. */
  readonly without?: readonly PartName[]
  /** Changes a part's configuration, at each of its starts. */
  readonly config?: (name: PartName, config: Record<string, unknown>) => Record<string, unknown>
  /** The port at which a part finds another, asked once a link; default the other's own. */
  readonly through?: (link: Link) => Promise<number>
  /** Nodes that the parts are told of; embedded ones are started where it is missing. */
  readonly access?: { readonly node: NodeAccess; readonly farmNode: NodeAccess }
  /** What these nodes run on; default regtest. */
  readonly network?: Network
  /** By how much a part's wall clock is ahead, seconds, at each of its starts. */
  readonly clockOffsetSec?: (name: PartName) => number | undefined
  readonly onLine?: (name: PartName, line: LogLine) => void
  readonly onStarting?: (name: PartName) => void
}

/** A connection between two parts. */
export interface Link {
  readonly from: PartName
  readonly to: PartName
  /** Where the other listens, on the loopback interface. */
  readonly port: number
}

interface Running {
  readonly part: Part
  readonly process: AppProcess
  readonly url: string
  /** Where it is spoken to in the current edition, if at all. */
  readonly currentUrl: string
}

/** A pool and a farm, every app a process of its own, on two nodes of this process that are peers, or on others. */
export class Topology {
  readonly dataDir: string
  readonly #nodes: PeerNodes | undefined
  readonly #options: TopologyOptions
  readonly #ownBlocks: () => number
  readonly #running = new Map<PartName, Running>()
  readonly #ports = new Map<PartName, { readonly door: number; readonly monitoring: number }>()
  readonly #links = new Map<string, number>()

  constructor(
    nodes: PeerNodes | undefined,
    how: {
      readonly dataDir: string
      readonly options: TopologyOptions
      readonly ownBlocks: () => number
    },
  ) {
    this.#nodes = nodes
    this.dataDir = how.dataDir
    this.#options = how.options
    this.#ownBlocks = how.ownBlocks
  }

  /** The embedded nodes. @throws {Error} where others are used */
  get nodes(): PeerNodes {
    if (this.#nodes === undefined) throw new Error('this topology has no nodes of its own')
    return this.#nodes
  }

  /** The pool's node; after a restart the new one. */
  get node(): RegtestNode {
    return this.nodes.get('node')
  }

  get farmNode(): RegtestNode {
    return this.nodes.get('farm-node')
  }

  /** Every process by name, in the order they were started. */
  get names(): readonly PartName[] {
    return [...this.#running.keys()]
  }

  /** The process of this name, and after a restart the new one. */
  process(name: PartName): AppProcess {
    return this.#part(name).process
  }

  /** Where a part listens: what its clients are configured with. */
  url(name: PartName, edition?: 'current'): string {
    const { url, currentUrl } = this.#part(name)
    return edition === 'current' ? currentUrl : url
  }

  /** Port of a part's door; 0 for a device, which has none. */
  port(name: PartName): number {
    return this.#part(name).part.app === 'mining-device' ? 0 : (this.#ports.get(name)?.door ?? 0)
  }

  /** Address of a part's `/metrics` and `/healthz`. */
  monitoring(name: PartName): string {
    return `http://127.0.0.1:${this.#ports.get(name)?.monitoring}`
  }

  /** Blocks of the pool's, by the tag in their coinbase, that came into its node's chain. */
  get ownBlocks(): number {
    return this.#ownBlocks()
  }

  /** Ends a process; the others notice. */
  kill(name: PartName, signal: NodeJS.Signals = 'SIGKILL'): Promise<Ending> {
    return this.process(name).kill(signal)
  }

  /** Starts a process again, with its files and on its port; ends it first where it still runs. */
  async restart(name: PartName): Promise<AppProcess> {
    const { part, process } = this.#part(name)
    if (process.isRunning) await process.kill('SIGTERM')
    return this.start(part)
  }

  /** Starts one part, and waits until it is up. */
  async start(part: Part): Promise<AppProcess> {
    const options = this.#options
    const folder = join(this.dataDir, part.name)
    options.onStarting?.(part.name)
    const ports = this.#ports.get(part.name) ?? (await this.#choosePorts(part))
    const config = {
      ...part.config(await this.#surroundings(part.name)),
      ...this.#ownKeys(part, ports, folder),
    }
    const process = new AppProcess(
      {
        app: part.app,
        subcommand: part.subcommand,
        from: options.from,
        folder,
        onLine: (line) => options.onLine?.(part.name, line),
        clockOffsetSec: options.clockOffsetSec?.(part.name),
      },
      options.config?.(part.name, config) ?? config,
    )
    this.#running.set(part.name, { part, process, url: '', currentUrl: '' })
    const { url = '' } = await process.logged((line) => line.msg === part.ready && this.#speaks(line))
    const { url: currentUrl = '' } = await process.logged(part.ready)
    this.#running.set(part.name, { part, process, url: String(url), currentUrl: String(currentUrl) })
    return process
  }

  /** Ends everything, in the order of the work: processes that mine first. Removes what is temporary. */
  async stop(): Promise<void> {
    for (const { process } of [...this.#running.values()].reverse()) {
      const forced = setTimeout(() => void process.kill('SIGKILL'), 6_000)
      await process.kill('SIGTERM')
      clearTimeout(forced)
    }
    await this.#nodes?.stopAll()
    if (this.#options.dataDir === undefined) rmSync(this.dataDir, { recursive: true, force: true })
  }

  /** What every part is told: its folder, its door, where it serves metrics. */
  #ownKeys(part: Part, ports: { door: number; monitoring: number }, folder: string): Record<string, unknown> {
    if (part.app === 'mining-device') return { monitoring: { enabled: true, port: ports.monitoring } }
    const edition =
      part.speaksCurrent === true && this.#options.edition === 'draft' ? 'auto' : this.#options.edition
    const speaks =
      part.ready === 'listening for Stratum V1' ? { protocol: 'v1' } : { edition: edition ?? 'current' }
    return {
      data_dir: folder,
      listen: [{ host: '127.0.0.1', port: ports.door, ...speaks }],
      monitoring: { port: ports.monitoring },
    }
  }

  /** Whether a line that says where a part listens is about the edition of this topology, or about none. */
  #speaks({ edition }: LogLine): boolean {
    return edition === undefined || edition === (this.#options.edition ?? 'current')
  }

  async #choosePorts(part: Part): Promise<{ door: number; monitoring: number }> {
    const door = await freePort(this.#options.knownPorts === true ? part.port : 0)
    const ports = { door, monitoring: await freePort(0) }
    this.#ports.set(part.name, ports)
    return ports
  }

  async #surroundings(from: PartName) {
    const { through } = this.#options
    for (const to of through === undefined ? [] : this.names) {
      const link = `${from} ${to}`
      if (!this.#links.has(link) && this.port(to) !== 0)
        this.#links.set(link, (await through?.({ from, to, port: this.port(to) })) ?? this.port(to))
    }
    return {
      url: (to: PartName, edition?: 'current') =>
        this.url(to, edition).replace(
          `:${this.port(to)}`,
          `:${this.#links.get(`${from} ${to}`) ?? this.port(to)}`,
        ),
      ...(this.#options.access ?? { node: accessTo(this.node), farmNode: accessTo(this.farmNode) }),
      network: this.#options.network ?? 'regtest',
      tokenKeyFile: join(this.dataDir, 'token.key'),
    }
  }

  #part(name: PartName): Running {
    const running = this.#running.get(name)
    if (running === undefined) throw new Error(`no part ${name}; there are ${this.names.join(', ')}`)
    return running
  }
}

/** Starts nodes and processes, each when those it connects to are up. What has started is ended when one does not. */
export async function startTopology(options: TopologyOptions = {}): Promise<Topology> {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'sv2-topology-'))
  const tag = hex(new TextEncoder().encode(TAG))
  let ownBlocks = 0
  const rules = { dataDir, difficulty: options.difficulty ?? 1e-5, mempoolRate: options.transactions ?? 0 }
  const count = (node: RegtestNode, hash: string): void => {
    const block = node.block(hash)
    if (block !== undefined && hex(block.subarray(0, 400)).includes(tag)) ownBlocks++
  }
  const nodes = options.access === undefined ? await PeerNodes.start(rules, count) : undefined
  const topology = new Topology(nodes, { dataDir, options, ownBlocks: () => ownBlocks })
  try {
    await makeTokenKeyFile(join(dataDir, 'token.key'))
    const { side = 'all', hashrate = 10_000, without = [] } = options
    for (const part of partsOf({ side, hashrate, without })) await topology.start(part)
  } catch (error) {
    await topology.stop()
    throw error
  }
  return topology
}

function accessTo(node: RegtestNode): NodeAccess {
  return { url: node.url, cookie_file: node.cookieFile ?? '' }
}
