import {
  type BaseConfig,
  ConfigError,
  type ConfigSources,
  checkConfig,
  logSchema,
  optionalNodesSchema,
  portProblems,
  printDefaults,
  printSection,
  readConfig,
} from '@sv2/app-kit'
import { NETWORKS, type Network } from '@sv2/bitcoin'
import { jobNegotiatorClient } from '@sv2/job-negotiator/client'
import { miningProxy } from '@sv2/mining-proxy'
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
} from '../sections.ts'

const poolSchema = z
  .strictObject({
    url: z.string().min(1).describe('stratum2+tcp://host:port/AUTHORITY_KEY of the pool'),
    negotiator_url: z
      .string()
      .min(1)
      .optional()
      .describe(
        'The same of its job negotiator server: with it and a node, the farm mines its own templates',
      ),
  })
  .describe('A pool; the first that is well is worked for')

/** `sv2-farm.toml`: what every role has to know, once, and a section for each role. */
export const farmSchema = z.strictObject({
  network: z
    .enum(Object.keys(NETWORKS) as [Network, ...Network[]])
    .default('mainnet')
    .describe('Bitcoin network'),
  user_identity: z
    .string()
    .min(1)
    .describe('Who the farm is at its pools: account, or address.worker; all its V1 miners share it'),
  address: z.string().min(1).optional().describe('With nodes: address that is paid while no pool is'),
  data_dir: z
    .string()
    .min(1)
    .default('./sv2-farm-data')
    .describe('Folder for keys and solved blocks: keep it'),
  pools: z.array(poolSchema).min(1),
  nodes: optionalNodesSchema('A Bitcoin node of the farm, for templates of its own'),
  mining_proxy: sectionSchema('mining proxy'),
  translator_proxy: sectionSchema('translator'),
  template_provider: sectionSchema('template provider'),
  negotiator_client: sectionSchema('job negotiator client'),
  log: logSchema,
})

export type FarmFile = z.output<typeof farmSchema>

/** What `sv2 farm` runs with. */
export interface FarmConfig extends BaseConfig {
  readonly file: FarmFile
  readonly data_dir: string
  /** The file as it was written, by which the roles are configured. */
  readonly tree: Tree
}

/** A server of this process that is not there yet. */
const PLACEHOLDER = { host: '127.0.0.1', port: 1, noise: false }
const serverAt = (url: string | undefined): Tree => (url === undefined ? PLACEHOLDER : { url })

const SHARED = { data_dir: 'data_dir', log: 'log' }
const SECTIONS = {
  provider: {
    name: 'template_provider',
    app: templateProvider,
    setBy: { ...SHARED, network: 'network', nodes: 'nodes' },
  },
  client: {
    name: 'negotiator_client',
    app: jobNegotiatorClient,
    setBy: {
      ...SHARED,
      network: 'network',
      'payout.address': 'address',
      upstreams: 'pools',
      template_provider: '',
    },
  },
  proxy: { name: 'mining_proxy', app: miningProxy, setBy: { ...SHARED, upstreams: 'pools' } },
  translator: {
    name: 'translator_proxy',
    app: translatorProxy,
    setBy: {
      ...SHARED,
      network: 'network',
      direction: '',
      'v1_to_v2.upstreams': 'pools',
      'v1_to_v2.aggregate_channels': '',
      v2_to_v1: '',
    },
  },
} as const satisfies Record<string, RoleSection>

const INNER_DOOR = { host: '127.0.0.1', port: 0 }

/** The pools of a written file that have a job negotiator server. */
function negotiated(tree: Tree): Tree[] {
  return listAt(tree, 'pools').filter((pool) => pool.negotiator_url !== undefined)
}

/** Whether the farm makes jobs of its own: it has a node, and a pool that agrees to them. */
export function negotiates(tree: Tree): boolean {
  return listAt(tree, 'nodes').length > 0 && negotiated(tree).length > 0
}

/** The template provider of the farm's own node. */
export function farmProviderTree(tree: Tree): Record<string, unknown> {
  return withSection(
    { listen: [INNER_DOOR], ...tableAt(tree, 'template_provider') },
    { network: networkOf(tree), data_dir: `${folderOf(tree)}/template-provider`, nodes: tree.nodes },
  )
}

/** The client of job negotiation, between the farm's proxy and its pools. */
export function clientTree(tree: Tree, providerUrl?: string): Record<string, unknown> {
  return withSection(
    { listen: [INNER_DOOR], ...tableAt(tree, 'negotiator_client') },
    {
      network: networkOf(tree),
      data_dir: `${folderOf(tree)}/negotiator-client`,
      payout: { address: tree.address },
      template_provider: serverAt(providerUrl),
      upstreams: negotiated(tree).map(({ url, negotiator_url }) => ({
        user_identity: tree.user_identity,
        pool: { url },
        negotiator: { url: negotiator_url },
      })),
    },
  )
}

/** The mining proxy: for the client of job negotiation first, where there is one, then for the pools themselves. */
export function proxyTree(tree: Tree, clientUrl?: string): Record<string, unknown> {
  const pools = listAt(tree, 'pools').map(({ url }) => ({ url }))
  const first = negotiates(tree) ? [serverAt(clientUrl)] : []
  return withSection(
    { listen: [INNER_DOOR], ...tableAt(tree, 'mining_proxy') },
    { data_dir: `${folderOf(tree)}/mining-proxy`, upstreams: [...first, ...pools] },
  )
}

/** The translator: its door takes miners of both versions, and all of them share one channel of the proxy. */
export function farmTranslatorTree(tree: Tree, proxyUrl?: string): Record<string, unknown> {
  return withSection(
    { listen: [{ port: 3_333 }], ...tableAt(tree, 'translator_proxy') },
    {
      network: networkOf(tree),
      data_dir: `${folderOf(tree)}/translator`,
      direction: 'v1-to-v2',
      v1_to_v2: {
        aggregate_channels: true,
        upstreams: [{ ...serverAt(proxyUrl), user_identity: tree.user_identity }],
      },
    },
  )
}

/** Reads `sv2-farm.toml`. @throws {ConfigError} with every problem of the file and of its sections */
export function loadFarm(sources: ConfigSources, usualLevel: 'info' | 'warn'): FarmConfig {
  const { tree: written, overrides } = readConfig(sources)
  const tree = { ...written, log: { level: usualLevel, ...tableAt(written, 'log') } }
  const { config: file, problems } = checkConfig(farmSchema, { tree, overrides })
  const trees = {
    proxy: proxyTree(tree),
    translator: farmTranslatorTree(tree),
    ...(negotiates(tree) && { provider: farmProviderTree(tree), client: clientTree(tree) }),
  }
  const inSections = Object.entries(trees).flatMap(([role, each]) =>
    sectionProblems(SECTIONS[role as keyof typeof SECTIONS], tree, each),
  )
  const all = together(problems, inSections)
  if (file === undefined || all.length > 0) throw new ConfigError(all)
  const ports = portProblems({
    mining_proxy: miningProxy.schema.parse(trees.proxy),
    translator_proxy: translatorProxy.schema.parse(trees.translator),
    ...(negotiates(tree) && {
      template_provider: templateProvider.schema.parse(farmProviderTree(tree)),
      negotiator_client: jobNegotiatorClient.schema.parse(clientTree(tree)),
    }),
  })
  if (ports.length > 0) throw new ConfigError(ports)
  return { file, data_dir: file.data_dir, log: file.log, tree }
}

/** Every key of `sv2-farm.toml` with comments, those of the roles commented out. */
export function printFarm(): string {
  const head = printDefaults(
    farmSchema.omit({
      mining_proxy: true,
      translator_proxy: true,
      template_provider: true,
      negotiator_client: true,
    }),
    'sv2 farm: translator, mining proxy and job negotiator client in one process',
  )
  const sections = Object.values(SECTIONS).map(({ name, app, setBy }) =>
    printSection(app.schema, { name, title: app.description, without: Object.keys(setBy) }),
  )
  return [head, ...sections].join('\n')
}

function listAt(tree: Tree, key: string): Tree[] {
  const list = tree[key]
  return Array.isArray(list)
    ? list.filter((each): each is Tree => typeof each === 'object' && each !== null)
    : []
}

function networkOf(tree: Tree): unknown {
  return tree.network ?? 'mainnet'
}

function folderOf(tree: Tree): string {
  return typeof tree.data_dir === 'string' ? tree.data_dir : './sv2-farm-data'
}
