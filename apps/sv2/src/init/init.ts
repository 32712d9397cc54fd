import { existsSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { addressProblem, type NodeConfig, nodeRpcs } from '@sv2/app-kit'
import { NETWORKS, type Network } from '@sv2/bitcoin'
import { systemdUnit } from '../deploy/systemd-unit.ts'
import type { Terminal } from '../terminal.ts'
import { MODES, type Mode } from '../up-config.ts'
import { checkNode, type Finding } from './check-node.ts'
import { findNodes, networkOfCookie, usualUrl } from './find-node.ts'
import { isFree } from './free-port.ts'
import { type Answers, writtenFile } from './written-file.ts'

/** The command line of `sv2 init`. */
export interface InitOptions {
  readonly yes?: true
  readonly json?: true
  readonly force?: true
  readonly systemd?: true
  readonly config: string
  readonly network?: string
  readonly mode?: string
  readonly address?: string
  readonly nodeUrl?: string
  readonly cookie?: string
  readonly rpcUser?: string
  readonly rpcPassword?: string
  readonly dataDir: string
  readonly port: number
  readonly negotiatorPort: number
  readonly dashboardHost: string
  readonly dashboardPort: number
}

/** What `sv2 init` did. */
export interface InitResult {
  readonly findings: readonly Finding[]
  /** Files that were written; none when something is wrong. */
  readonly written: readonly string[]
}

/** Finds and checks a node, asks what is not said, and writes `sv2.toml`. Nothing is written while something is wrong. */
export async function init(options: InitOptions, terminal: Terminal): Promise<InitResult> {
  const ask = asker(options, terminal)
  const findings: Finding[] = []
  const config = resolve(terminal.program.folder, options.config)
  if (existsSync(config) && options.force !== true)
    findings.push({
      state: 'wrong',
      what: `${options.config} is there already`,
      todo: '--force overwrites it',
    })

  const node = await chooseNode(options, terminal, ask)
  const checked =
    node && (await checkNode(nodeRpcs([node.config])[0]!, { wanted: node.wanted, now: Date.now() }))
  if (node === undefined)
    findings.push({
      state: 'wrong',
      what: 'no Bitcoin node was found on this machine',
      todo: 'start Bitcoin Core with server=1, or name a node: --node-url http://HOST:8332 --cookie FILE',
    })
  findings.push(...(checked?.findings ?? []))
  const network = node?.wanted ?? checked?.network ?? 'mainnet'

  const mode = await chooseMode(options, ask, findings)
  const address = await chooseAddress({ ...options, mode, network }, ask, findings)
  findings.push(...(await portFindings(options)))
  if (node === undefined || findings.some(({ state }) => state === 'wrong')) return { findings, written: [] }

  const answers: Answers = {
    network,
    mode,
    address,
    dataDir: options.dataDir,
    node: node.config,
    port: options.port,
    negotiatorPort: options.negotiatorPort,
    dashboard: { host: options.dashboardHost, port: options.dashboardPort },
  }
  writeFileSync(config, writtenFile(answers), { mode: 0o600 })
  const wantsUnit =
    options.systemd === true ||
    (terminal.platform === 'linux' && /^y/i.test((await ask('Write a unit for systemd too? [y/N] ')) ?? ''))
  if (!wantsUnit) return { findings, written: [config] }
  const unit = join(terminal.program.folder, 'sv2.service')
  writeFileSync(unit, systemdUnit({ ...terminal.program, config }))
  return { findings, written: [config, unit] }
}

/** Asks a person; undefined where nobody may be asked, or nothing was typed. */
type Ask = (question: string) => Promise<string | undefined>

function asker({ yes, json }: InitOptions, terminal: Terminal): Ask {
  if (yes === true || json === true || !terminal.isInteractive) return () => Promise.resolve(undefined)
  return async (question) => (await terminal.ask(question)) || undefined
}

/** A node, and the network that it has to be of. */
interface ChosenNode {
  readonly config: NodeConfig
  readonly wanted: Network | undefined
}

async function chooseNode(
  options: InitOptions,
  terminal: Terminal,
  ask: Ask,
): Promise<ChosenNode | undefined> {
  const wanted = networkNamed(options.network)
  const { nodeUrl, cookie, rpcUser: user, rpcPassword: password } = options
  if (user !== undefined || password !== undefined)
    return { config: { url: nodeUrl ?? usualUrl(wanted ?? 'mainnet'), user, password }, wanted }
  if (cookie !== undefined) {
    const url = nodeUrl ?? usualUrl(wanted ?? networkOfCookie(cookie))
    return { config: { url, cookie_file: resolve(terminal.program.folder, cookie) }, wanted }
  }
  const found = findNodes(terminal, wanted)
  const fits = nodeUrl === undefined ? found : found.map((node) => ({ ...node, url: nodeUrl }))
  if (fits.length > 1) {
    const list = fits.map(
      ({ network, url, cookieFile }, n) => `  ${n + 1}  ${network}, ${url}, ${cookieFile}`,
    )
    terminal.print(options.json === true ? '' : `Nodes on this machine:\n${list.join('\n')}\n`)
  }
  const typed = fits.length > 1 ? await ask(`Which of them? [1] `) : undefined
  const chosen = fits[Number(typed ?? 1) - 1] ?? fits[0]
  if (chosen !== undefined)
    return { config: { url: chosen.url, cookie_file: chosen.cookieFile }, wanted: wanted ?? chosen.network }
  const url =
    nodeUrl ?? (await ask(`No cookie of a node was found. Its RPC address? [${usualUrl('mainnet')}] `))
  if (url === undefined) return undefined
  const file = await ask('Its .cookie file? (empty: user and password) ')
  if (file !== undefined) return { config: { url, cookie_file: file }, wanted }
  return { config: { url, user: await ask('rpcuser? '), password: await ask('rpcpassword? ') }, wanted }
}

function networkNamed(text: string | undefined): Network | undefined {
  return (Object.keys(NETWORKS) as Network[]).find((network) => network === text)
}

async function chooseMode({ mode }: InitOptions, ask: Ask, findings: Finding[]): Promise<Mode> {
  const typed =
    mode ??
    (await ask(
      'Who is paid for a block?\n  solo   the address in the user name of the miner that found it\n  pool   one address of yours, whatever finds it\n  pplns  many miners, by their work\n[solo] ',
    )) ??
    'solo'
  const known = MODES.find((each) => each === typed)
  if (known === undefined)
    findings.push({ state: 'wrong', what: `mode ${typed} is not known`, todo: `one of ${MODES.join(', ')}` })
  return known ?? 'solo'
}

async function chooseAddress(
  {
    address,
    mode,
    network,
  }: Pick<InitOptions, 'address'> & { readonly mode: Mode; readonly network: Network },
  ask: Ask,
  findings: Finding[],
): Promise<string | undefined> {
  const typed = address ?? (await ask(`Your address on ${network}? `))
  if (typed === undefined) {
    if (mode === 'solo') {
      const what = 'no address is named: each miner brings its own, in its user name'
      findings.push({ state: 'care', what, todo: '--address shows yours in what to type into a miner' })
    } else
      findings.push({
        state: 'wrong',
        what: `mode ${mode} needs an address`,
        todo: `--address, one of ${network}`,
      })
    return undefined
  }
  const problem = addressProblem(typed, network)
  if (problem !== undefined)
    findings.push({ state: 'wrong', what: `address ${typed}: ${problem}`, todo: `an address of ${network}` })
  else findings.push({ state: 'fine', what: `${typed} is an address of ${network}` })
  return typed
}

async function portFindings(options: InitOptions): Promise<Finding[]> {
  const ports = [
    { flag: '--port', host: '0.0.0.0', port: options.port },
    { flag: '--negotiator-port', host: '0.0.0.0', port: options.negotiatorPort },
    { flag: '--dashboard-port', host: options.dashboardHost, port: options.dashboardPort },
  ]
  const free = await Promise.all(ports.map(({ host, port }) => isFree(host, port)))
  return ports.flatMap(({ flag, port }, n): Finding[] =>
    free[n] === true
      ? []
      : [{ state: 'wrong', what: `port ${port} is in use`, todo: `end what uses it, or ${flag} another` }],
  )
}
