/** What may import what, and what a layer may touch: the table of docs/architecture.md, in the order it is read. */
export interface Layer {
  /** Workspace packages its shipped code may import, subpaths included; `*` is any. */
  readonly imports: readonly string[]
  /** Whether it may touch the process, the clock, randomness, and `node:` modules. */
  readonly pure: boolean
  /** npm packages it may import; any when absent. */
  readonly npm?: readonly string[]
  /** Its shipped code may name an edition; otherwise only the files that `mayNameEditions` lists. */
  readonly editions: boolean
}

const messages = ['@sv2/messages', '@sv2/messages/current', '@sv2/messages/draft']
const pureRoles = [
  '@sv2/roles',
  '@sv2/roles/ground',
  '@sv2/roles/custom-jobs',
  '@sv2/roles/work',
  '@sv2/roles/sv1-front',
  '@sv2/roles/pool',
  '@sv2/roles/provider',
  '@sv2/roles/relay',
  '@sv2/roles/aggregator',
  '@sv2/roles/translator',
  '@sv2/roles/negotiator',
  '@sv2/roles/device',
  '@sv2/roles/payouts',
  '@sv2/roles/ledger',
]
const process = ['@sv2/app-kit', '@sv2/runtime', '@sv2/runtime/journal', '@sv2/runtime/sha256']
const noble = [
  '@noble/ciphers',
  '@noble/curves',
  '@noble/hashes',
  '@scure/base',
  '@scure/btc-signer',
  'bs58check',
]
const leaf = { imports: [], pure: true, npm: noble, editions: false }
const tool = { imports: ['*'], pure: false, editions: true }

/** Layers by folder; an entry that ends in `/` holds for every folder below. */
export const layers: Readonly<Record<string, Layer>> = {
  'packages/codec': { ...leaf, npm: [] },
  'packages/noise': { ...leaf, editions: true },
  'packages/bitcoin': leaf,
  'packages/sv1': { ...leaf, npm: ['zod'] },
  'packages/journal': { ...leaf, imports: ['@sv2/bitcoin'], npm: [] },
  'packages/messages': { imports: ['@sv2/codec'], pure: true, npm: [], editions: false },
  'packages/roles': {
    imports: ['@sv2/messages', '@sv2/bitcoin', '@sv2/journal', '@sv2/sv1'],
    pure: true,
    npm: [],
    editions: false,
  },
  // of the roles only what all of them have: an engine runs a role that it does not know by name
  'packages/runtime': {
    imports: [
      '@sv2/roles/ground',
      ...messages,
      '@sv2/noise',
      '@sv2/codec',
      '@sv2/sv1',
      '@sv2/bitcoin',
      '@sv2/journal',
    ],
    pure: false,
    editions: false,
  },
  'packages/app-kit': {
    imports: [
      ...pureRoles,
      '@sv2/messages',
      '@sv2/noise',
      '@sv2/bitcoin',
      '@sv2/journal',
      '@sv2/runtime',
      '@sv2/runtime/journal',
      // types alone: its code is loaded by the thread of the ledger, where a store is configured
      '@sv2/store',
    ],
    pure: false,
    editions: false,
  },
  'packages/store': { imports: ['@sv2/roles/ledger', '@sv2/journal'], pure: false, editions: false },
  'packages/regtest-node': { imports: ['@sv2/bitcoin'], pure: false, editions: false },
  'packages/sim': {
    imports: [...pureRoles, ...messages, '@sv2/bitcoin', '@sv2/codec', '@sv2/noise', '@sv2/sv1'],
    pure: true,
    npm: [],
    editions: false,
  },
  // tests alone: what they import their package says
  'packages/roles/test': tool,
  'apps/': {
    imports: [...pureRoles, ...process, '@sv2/bitcoin', '@sv2/store'],
    pure: false,
    editions: false,
  },
  // reads the books of a pool by the pool's own configuration
  'apps/ledger': {
    imports: [...pureRoles, ...process, '@sv2/bitcoin', '@sv2/pool', '@sv2/store'],
    pure: false,
    editions: false,
  },
  // makes and prints authority keys, whose spelling is the edition's
  'apps/keys': { imports: ['@sv2/noise', '@sv2/bitcoin', ...process], pure: false, editions: true },
  // runs in a browser: it knows the API alone
  'apps/dashboard': { imports: [], pure: false, npm: ['preact', 'uplot', 'vite'], editions: false },
  // all roles in one process, and the commands of the others
  'apps/sv2': {
    imports: [
      ...pureRoles,
      ...process,
      '@sv2/bitcoin',
      '@sv2/noise',
      '@sv2/pool',
      '@sv2/template-provider',
      '@sv2/translator-proxy',
      '@sv2/mining-proxy',
      '@sv2/job-negotiator/client',
      '@sv2/keys',
      '@sv2/ledger',
      '@sv2/verify',
    ],
    pure: false,
    editions: false,
  },
  // checks a pool's books by reading its journal
  'apps/verify': {
    imports: [...pureRoles, ...process, '@sv2/bitcoin', '@sv2/journal'],
    pure: false,
    editions: false,
  },
  'tools/': tool,
  'test-e2e': tool,
  bench: tool,
  examples: tool,
  scripts: tool,
}

/**
 * The floors of `packages/roles/src`, the ground first. A folder imports from its own files and from lower floors; the
 * roles on the top floor do not import each other. Types count.
 */
export const floorsOfRoles: readonly (readonly string[])[] = [
  ['ground'],
  ['mining', 'custom-jobs', 'payouts'],
  ['client'],
  ['work'],
  ['sv1-front'],
  ['pool', 'relay', 'aggregator', 'translator', 'negotiator', 'provider', 'device', 'ledger'],
]

/** Files outside a layer with `editions` whose code may name an edition. */
export const mayNameEditions: readonly RegExp[] = [
  /^packages\/messages\/src\/draft\//,
  // the type of an edition's name, and the negotiation dialogue that only the draft has
  /^packages\/messages\/src\/(edition|make-edition|index|message)\.ts$/,
  /^packages\/runtime\/src\/(editions|draft-certificate|listen|reception|index)\.ts$/,
  /^packages\/app-kit\/src\/(doors|config\/(door|server|upstream))\.ts$/,
  /^packages\/runtime\/bench\//,
  /^apps\/[^/]+\/src\/([a-z0-9-]+\/)?config\.ts$/,
]

/** Globals that reach outside; a pure layer uses none. */
export const impureGlobals = [
  'process',
  'Buffer',
  'console',
  'performance',
  'crypto',
  'fetch',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'clearTimeout',
  'clearInterval',
  'queueMicrotask',
  'Date',
  'Math.random',
  'globalThis',
] as const

/** In an app only these files name the process: its entry, and where a pool starts and is a worker process. */
export const mayNameProcess = /^apps\/[^/]+\/src\/(main|workers\/worker-process(es)?)\.ts$/

/** File names that say nothing about what is inside; the specification's "common messages" are named so there. */
export const emptyFileName = /(^|\/)(utils?|helpers?|common|types?|misc)\.ts$/
export const namedByTheSpecification = /^packages\/messages\/src\/(current|draft)\/common\.ts$/

/** Lines a file may have; data tables say `@data-table` in their first comment. */
export const longestFile = 400

/** The layer a folder belongs to. */
export function layerOf(folder: string): Layer | undefined {
  return layers[folder] ?? layers[folder.slice(0, folder.indexOf('/') + 1)]
}

/** Shipped code: no tests, fixtures, conformance suites or benches. */
export function isShipped(file: string): boolean {
  return /\/src\//.test(file) && !/(\.(test|slow|fuzz|conformance)\.ts$)|(\/_[^/]*$)/.test(file)
}
