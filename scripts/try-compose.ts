// npm run test:compose: brings the compose file up on images built from this checkout, waits for a block, kills every
// service once, restarts the nodes, and takes everything down again. Needs a Docker engine with Compose.

import { execFileSync, spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

const root = resolve(import.meta.dirname, '..')
/** A project of its own, with ports that no other project has. */
const environment = {
  ...process.env,
  COMPOSE_PROJECT_NAME: 'sv2-try',
  SV2_TAG: 'try',
  POOL_PORT: '0',
  NEGOTIATOR_PORT: '0',
  NEGOTIATOR_CLIENT_PORT: '0',
  MINING_PROXY_PORT: '0',
  TRANSLATOR_PORT: '0',
  GRAFANA_PORT: '0',
}
/** The issue's own limit for the first block, and as much for anything to be well again, ms. */
const PATIENCE_MS = 120_000
const NODES = ['pool-node', 'farm-node']

interface State {
  readonly service: string
  readonly state: string
  /** Empty where a service has no check. */
  readonly health: string
}

/** Runs `docker compose`; answers what it prints. @throws when it fails */
function compose(...words: readonly string[]): string {
  return execFileSync('docker', ['compose', ...words], {
    cwd: root,
    encoding: 'utf8',
    env: environment,
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

function states(): State[] {
  const lines = compose('ps', '--all', '--format', 'json').trim().split('\n')
  return lines
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
    .map(({ Service, State, Health }) => ({ service: Service, state: State, health: Health }))
}

/** Services that are to run all the time. */
function lasting(): State[] {
  return states().filter(({ state, service }) => state !== 'exited' || !ONE_SHOT.has(service))
}

const ONE_SHOT = new Set(['keys', 'first-blocks'])

function height(node: string): number {
  const words = ['-rpcport=8332', '-rpccookiefile=/rpc/.cookie', '-chain=regtest', 'getblockcount']
  return Number(compose('exec', '-T', node, 'bitcoin-cli', ...words))
}

/** Blocks that the pool's miners found, as its log says. */
function found(): number {
  return compose('logs', '--no-log-prefix', 'pool').split('"block found"').length - 1
}

/** Waits until something is so; answers after how many ms. @throws when it takes too long */
async function until(what: string, isSo: () => boolean): Promise<number> {
  const since = performance.now()
  for (;;) {
    try {
      if (isSo()) return performance.now() - since
    } catch {
      // a service that is being started again does not answer
    }
    if (performance.now() - since > PATIENCE_MS)
      throw new Error(`not within ${PATIENCE_MS / 1000} s: ${what}`)
    await wait(1_000)
  }
}

/** One step with its name and duration, on standard error. @throws what it throws */
async function step<T>(name: string, run: () => T | Promise<T>): Promise<T> {
  const since = performance.now()
  process.stderr.write(`  …        ${name}\r`)
  try {
    const result = await run()
    process.stderr.write(`  ok       ${name.padEnd(52)} ${seconds(performance.now() - since)}\n`)
    return result
  } catch (error) {
    process.stderr.write(`  FAILED   ${name.padEnd(52)} ${seconds(performance.now() - since)}\n`)
    throw error
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}

/** Everything runs, is healthy, and a block is found and taken by both nodes. */
async function isWell(): Promise<void> {
  await until('all services are well', () =>
    lasting().every(({ state, health }) => state === 'running' && (health === '' || health === 'healthy')),
  )
  const [blocks, before] = [found(), height('pool-node')]
  await until('a block is found', () => found() > blocks)
  await until('the chain grows', () => NODES.every((node) => height(node) > before))
}

async function main(): Promise<void> {
  await step('images are built', () => compose('build', '--quiet'))
  await step('services are started', () => compose('up', '--detach', '--no-build'))
  const first = await step('the first block is found', () => until('a block is found', () => found() > 0))
  process.stderr.write(`           first block ${seconds(first)} after the start\n`)
  await step('all services are well', isWell)
  const services = lasting().map(({ service }) => service)
  for (const service of services.sort()) {
    await step(`${service} is killed, and started again`, async () => {
      compose('kill', '--signal', 'SIGKILL', service)
      compose('up', '--detach', '--no-build', '--no-deps', service)
      await isWell()
    })
  }
  for (const node of NODES) {
    await step(`${node} is restarted`, async () => {
      compose('restart', node)
      await isWell()
    })
  }
}

const { status } = spawnSync('docker', ['compose', 'version'], { stdio: 'ignore' })
if (status !== 0 || spawnSync('docker', ['info'], { stdio: 'ignore' }).status !== 0) {
  process.stderr.write('test:compose needs a Docker engine that runs, with Compose 2.21 or newer\n')
  process.exit(69)
}
try {
  await main()
  process.stderr.write('\nThe compose stack mines, and came back from every kill.\n')
} catch (error) {
  process.stderr.write(`\n${(error as Error).message}\n`)
  for (const { service, state, health } of states().filter(({ health }) => health !== 'healthy'))
    process.stderr.write(`  ${service}: ${state} ${health}\n`)
  process.exitCode = 1
} finally {
  if (!process.argv.includes('--keep')) compose('down', '--volumes', '--remove-orphans')
}
