import {
  type BaseConfig,
  ConfigError,
  type ConfigProblem,
  type ConfigSources,
  checkConfig,
  logSchema,
  nodesOrSocketsSchema,
  portProblems,
  printDefaults,
  printSection,
  readConfig,
  type WrittenConfig,
} from '@sv2/app-kit'
import { NETWORKS, type Network } from '@sv2/bitcoin'
import { pool } from '@sv2/pool'
import { templateProvider } from '@sv2/template-provider'
import { translatorProxy } from '@sv2/translator-proxy'
import { z } from 'zod'
import {
  type RoleSection,
  sectionProblems,
  sectionSchema,
  type Tree,
  tableAt,
  together,
  withSection,
} from './sections.ts'

/** Whom a block may pay: the modes of the pool. */
export const MODES = ['solo', 'pool', 'pplns', 'slice', 'round', 'group', 'fpps'] as const
export type Mode = (typeof MODES)[number]

/** Modes that split blocks among miners. */
const isShared = (mode: unknown): boolean => mode !== 'solo' && mode !== 'pool'

/** `sv2.toml`: what every role has to know, once, and a section for each role. */
export const upSchema = z.strictObject({
  network: z
    .enum(Object.keys(NETWORKS) as [Network, ...Network[]])
    .default('mainnet')
    .describe('Bitcoin network'),
  mode: z
    .enum(MODES)
    .default('solo')
    .describe(
      'Who is paid for a block. solo: the address in the user name of the miner that found it; pool: address; pplns and the others: many miners, by their work (docs/payouts.md)',
    ),
  address: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Address of yours. Mode solo: it is only shown, as what to type into a miner; pool: it gets every block; others: it gets the fee',
    ),
  data_dir: z
    .string()
    .min(1)
    .default('./sv2-data')
    .describe('Folder for keys, books and solved blocks: keep it'),
  nodes: nodesOrSocketsSchema(
    'A Bitcoin node; templates come from the first, solved blocks go to all. Job negotiation and books need one with JSON-RPC',
  ),
  pool: sectionSchema('pool'),
  template_provider: sectionSchema('template provider'),
  translator_proxy: sectionSchema('translator of Stratum V1'),
  log: logSchema,
})

export type UpFile = z.output<typeof upSchema>

/** What `sv2 up` runs with. */
export interface UpConfig extends BaseConfig {
  readonly file: UpFile
  readonly data_dir: string
  /** The file as it was written, by which the roles are configured. */
  readonly tree: Tree
}

const SECTIONS = {
  provider: {
    name: 'template_provider',
    app: templateProvider,
    setBy: { network: 'network', data_dir: 'data_dir', nodes: 'nodes', log: 'log' },
  },
  pool: {
    name: 'pool',
    app: pool,
    setBy: {
      network: 'network',
      data_dir: 'data_dir',
      'payout.mode': 'mode',
      'payout.address': 'address',
      'ledger.nodes': 'nodes',
      'job_negotiator.nodes': 'nodes',
      template_provider: '',
      // V1 sessions are handed on within one process
      workers: '',
      log: 'log',
    },
  },
  translator: {
    name: 'translator_proxy',
    app: translatorProxy,
    setBy: {
      network: 'network',
      data_dir: 'data_dir',
      direction: '',
      listen: '',
      'v1_to_v2.upstreams': '',
      'v1_to_v2.aggregate_channels': '',
      v2_to_v1: '',
      log: 'log',
    },
  },
} as const satisfies Record<string, RoleSection>

/** A server that is not there yet: a configuration can be checked without it. */
const PLACEHOLDER = { host: '127.0.0.1', port: 1, noise: false }

/** A server of this process, by its URL; while the configuration is checked there is none. */
const serverAt = (url: string | undefined): Tree => (url === undefined ? PLACEHOLDER : { url })

/** The template provider: for the pool of this process, on the loopback interface. */
export function providerTree(tree: Tree): Record<string, unknown> {
  const section = tableAt(tree, 'template_provider')
  return withSection(
    { listen: [{ host: '127.0.0.1', port: 0 }], ...section },
    { network: networkOf(tree), data_dir: `${folderOf(tree)}/template-provider`, nodes: tree.nodes },
  )
}

/** The pool, with its job negotiator server, and doors that take both versions of Stratum. */
export function poolTree(tree: Tree, providerUrl?: string): Record<string, unknown> {
  const section = tableAt(tree, 'pool')
  const nodes = rpcNodes(tree)
  const doors = Array.isArray(section.listen) ? (section.listen as unknown[]) : [{}]
  return withSection(section, {
    network: networkOf(tree),
    data_dir: `${folderOf(tree)}/pool`,
    payout: { mode: tree.mode ?? 'solo', address: tree.address },
    ledger: { nodes },
    job_negotiator: { enabled: tableAt(section, 'job_negotiator').enabled ?? nodes.length > 0, nodes },
    template_provider: serverAt(providerUrl),
    listen: doors.map((door) =>
      typeof door === 'object' && door !== null ? { protocol: 'both', ...door } : door,
    ),
  })
}

/** The translator: a channel of the pool for each V1 miner, whose user name says who is paid. */
export function translatorTree(tree: Tree, poolUrl?: string): Record<string, unknown> {
  const section = tableAt(tree, 'translator_proxy')
  const named = tableAt(tree, 'pool', 'payout').names === true
  const { mode = 'solo' } = tree
  const identity = mode === 'pool' || (isShared(mode) && named) ? 'auto' : 'always'
  return withSection(section, {
    network: networkOf(tree),
    data_dir: `${folderOf(tree)}/translator`,
    direction: 'v1-to-v2',
    listen: [{ host: '127.0.0.1', port: 0, protocol: 'v1' }],
    v1_to_v2: {
      identity_is_address: tableAt(section, 'v1_to_v2').identity_is_address ?? identity,
      aggregate_channels: false,
      upstreams: [serverAt(poolUrl)],
    },
  })
}

/** Reads `sv2.toml`. @throws {ConfigError} with every problem of the file and of its sections */
export function loadUp(sources: ConfigSources, usualLevel: 'info' | 'warn'): UpConfig {
  const written = readUp(sources, usualLevel)
  const { config, problems } = checkUp(written)
  if (config === undefined || problems.length > 0) throw new ConfigError(problems)
  return config
}

function readUp(sources: ConfigSources, usualLevel: 'info' | 'warn'): WrittenConfig {
  const { tree, overrides } = readConfig(sources)
  return { tree: { ...tree, log: { level: usualLevel, ...tableAt(tree, 'log') } }, overrides }
}

/** Checks all of the file: its head, and each section as its role does. */
export function checkUp(written: WrittenConfig): {
  readonly config: UpConfig | undefined
  readonly problems: readonly ConfigProblem[]
} {
  const { config: file, problems } = checkConfig(upSchema, written)
  const { tree } = written
  const trees = { provider: providerTree(tree), pool: poolTree(tree), translator: translatorTree(tree) }
  const inSections = (Object.keys(SECTIONS) as (keyof typeof SECTIONS)[]).flatMap((role) =>
    sectionProblems(SECTIONS[role], tree, trees[role]),
  )
  const all = together(problems, inSections)
  if (file === undefined || all.length > 0) return { config: undefined, problems: all }
  const ports = portProblems({
    pool: pool.schema.parse(trees.pool),
    template_provider: templateProvider.schema.parse(trees.provider),
    translator_proxy: translatorProxy.schema.parse(trees.translator),
  })
  return { config: { file, data_dir: file.data_dir, log: file.log, tree }, problems: ports }
}

/** Every key of `sv2.toml` with comments, those of the roles commented out. */
export function printUp(): string {
  const head = printDefaults(
    upSchema.omit({ pool: true, template_provider: true, translator_proxy: true }),
    'sv2 up: pool, template provider, translator and job negotiator server in one process',
  )
  const sections = Object.values(SECTIONS).map(({ name, app, setBy }) =>
    printSection(app.schema, { name, title: app.description, without: Object.keys(setBy) }),
  )
  return [head, ...sections].join('\n')
}

/** The nodes that answer JSON-RPC: what a socket offers is for templates alone. */
function rpcNodes({ nodes = [{}] }: Tree): unknown[] {
  if (!Array.isArray(nodes)) return [nodes]
  return nodes.filter((node) => typeof node !== 'object' || node === null || !('ipc' in node))
}

function networkOf(tree: Tree): unknown {
  return tree.network ?? 'mainnet'
}

function folderOf(tree: Tree): string {
  return typeof tree.data_dir === 'string' ? tree.data_dir : './sv2-data'
}
