import { X509Certificate } from 'node:crypto'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import {
  ConfigError,
  formatProblem,
  freeBytes,
  keyFile,
  nodeRpcs,
  readConfig,
  socketPath,
  VERSION,
} from '@sv2/app-kit'
import { type PoolConfig, pool } from '@sv2/pool'
import type { NodeRpc } from '@sv2/runtime'
import { z } from 'zod'
import { checkNode, type Finding } from '../init/check-node.ts'
import { isFree } from '../init/free-port.ts'
import { minerUrls } from '../miner-urls.ts'
import { pagesUrl, type RunningStatus, runningStatus } from '../running-pool.ts'
import type { Terminal } from '../terminal.ts'
import { checkUp, poolTree, type UpConfig } from '../up-config.ts'
import { knockV1, knockV2 } from './knock.ts'

const MIB = 1024 * 1024
const DAY_MS = 86_400_000
/** A certificate that ends within this time is told of, days. */
const SOON_DAYS = 14
/** The newest block of a chain may be ahead of our clock so far, seconds: nodes refuse more (two hours). */
const MOST_AHEAD_SEC = 7_200

/** Looks at everything that `sv2 up` needs. The findings say what to do. */
export async function doctor(file: string, terminal: Terminal): Promise<Finding[]> {
  const findings: Finding[] = [
    { state: 'fine', what: `sv2 ${VERSION} on Node ${terminal.program.nodeVersion}, ${terminal.platform}` },
  ]
  const config = readable(file, terminal, findings)
  if (config === undefined) return findings
  findings.push({ state: 'fine', what: `${file}: ${config.file.network}, mode ${config.file.mode}` })
  findings.push(...config.file.nodes.flatMap(({ ipc }) => (ipc === undefined ? [] : [aboutSocket(ipc)])))
  for (const rpc of nodeRpcs(config.file.nodes.filter(({ ipc }) => ipc === undefined))) {
    const { findings: found } = await checkNode(rpc, { wanted: config.file.network, now: Date.now() })
    findings.push(...found, ...(await aboutClock(rpc)))
  }
  const settings: PoolConfig = pool.schema.parse(poolTree(config.tree))
  const folder = resolve(terminal.program.folder, config.data_dir)
  findings.push(...aboutDisk(folder, settings.notices.disk_low_mib), ...aboutKeys(settings, terminal))
  findings.push(...settings.listen.flatMap(({ tls_certificate_file: tls }) => aboutTls(tls)))
  const running = await runningStatus(pagesUrl(settings.monitoring))
  findings.push(...(running === undefined ? await aboutPorts(settings) : await aboutDoors(running, settings)))
  return findings
}

function readable(file: string, terminal: Terminal, findings: Finding[]): UpConfig | undefined {
  if (!existsSync(resolve(terminal.program.folder, file))) {
    findings.push({ state: 'wrong', what: `${file} is not there`, todo: 'sv2 init writes it' })
    return undefined
  }
  const problems: readonly string[] = (() => {
    try {
      const checked = checkUp(readConfig({ file, env: terminal.env, prefix: 'SV2_UP' }))
      if (checked.config !== undefined && checked.problems.length === 0) return []
      return checked.problems.map(formatProblem)
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      return error.problems.map(formatProblem)
    }
  })()
  findings.push(...problems.map((what): Finding => ({ state: 'wrong', what, todo: `change it in ${file}` })))
  if (problems.length > 0) return undefined
  return checkUp(readConfig({ file, env: terminal.env, prefix: 'SV2_UP' })).config
}

function aboutSocket(ipc: string): Finding {
  const path = socketPath(ipc)
  if (existsSync(path)) return { state: 'fine', what: `the socket of a node: ${path}` }
  return { state: 'wrong', what: `${path} is not there`, todo: 'start the node: bitcoin-node -ipcbind=unix' }
}

/** Blocks carry the time of the machine that made them: of a chain that is ahead of us, our clock is behind. */
async function aboutClock(rpc: NodeRpc): Promise<Finding[]> {
  let answer: unknown
  try {
    answer = await rpc.call('getblockchaininfo', [])
  } catch {
    // that it does not answer is told already
    return []
  }
  const time = z.object({ time: z.int() }).safeParse(answer).data?.time
  const aheadSec = time === undefined ? 0 : time - Date.now() / 1_000
  if (aheadSec < MOST_AHEAD_SEC)
    return [{ state: 'fine', what: `the clock of this machine: ${new Date().toISOString()}` }]
  return [
    {
      state: 'wrong',
      what: `the clock of this machine is ${Math.round(aheadSec / 60)} minutes behind the chain`,
      todo: 'let NTP set it: timedatectl set-ntp true',
    },
  ]
}

function aboutDisk(folder: string, leastMib: number): Finding[] {
  const free = freeBytes(existsSync(folder) ? folder : resolve(folder, '..'))
  if (free === undefined)
    return [{ state: 'care', what: `${folder} cannot be looked at`, todo: 'see to its owner' }]
  const mib = Math.floor(free / MIB)
  const what = `${mib} MiB are free for ${folder}`
  return mib < leastMib
    ? [{ state: 'wrong', what, todo: `make room: at least ${leastMib} MiB` }]
    : [{ state: 'fine', what }]
}

function aboutKeys(
  { data_dir, authority_secret_key_file: named }: PoolConfig,
  { platform }: Terminal,
): Finding[] {
  const file = named ?? keyFile(data_dir, 'current')
  if (!existsSync(file))
    return [
      {
        state: 'fine',
        what: 'no authority key yet: the first start makes one',
        todo: `back up ${file} then`,
      },
    ]
  const isOpen = platform !== 'win32' && (statSync(file).mode & 0o077) !== 0
  if (isOpen) return [{ state: 'wrong', what: `others may read ${file}`, todo: `chmod 600 ${file}` }]
  return [{ state: 'fine', what: `authority key ${file}, for its owner alone` }]
}

function aboutTls(file: string | undefined): Finding[] {
  if (file === undefined) return []
  const { validTo } = new X509Certificate(readFileSync(file))
  const days = Math.floor((Date.parse(validTo) - Date.now()) / DAY_MS)
  const what = `certificate ${file} is good until ${validTo}`
  if (days >= SOON_DAYS) return [{ state: 'fine', what }]
  return [{ state: days < 0 ? 'wrong' : 'care', what, todo: 'get a new one, and restart' }]
}

/** Nothing runs: the ports have to be free. */
async function aboutPorts({ listen, job_negotiator, monitoring }: PoolConfig): Promise<Finding[]> {
  const doors = [...listen, ...(job_negotiator.enabled ? job_negotiator.listen : []), monitoring]
  const free = await Promise.all(doors.map(({ host, port }) => isFree(host, port)))
  const taken = doors.flatMap(({ host, port }, n): Finding[] =>
    free[n] === true
      ? []
      : [
          {
            state: 'wrong',
            what: `port ${port} of ${host} is in use, and not by sv2`,
            todo: `end what uses it (ss -tlnp 'sport = :${port}'), or set another port`,
          },
        ],
  )
  return [{ state: 'care', what: 'sv2 does not run', todo: 'sv2 up' }, ...taken]
}

/** It runs: a miner that uses its URLs has to get in. */
async function aboutDoors({ ok, doors }: RunningStatus, { listen }: PoolConfig): Promise<Finding[]> {
  const state: Finding = ok
    ? { state: 'fine', what: 'sv2 runs, and has work for miners' }
    : {
        state: 'wrong',
        what: 'sv2 runs, and has no work for miners',
        todo: 'see to the node; its log says why',
      }
  const { v1, v2 } = minerUrls(
    doors,
    listen.map(({ host }) => host),
  )
  const knocks = [
    ...v1.map((url) => ({ url, knock: knockV1 })),
    ...v2.map((url) => ({ url, knock: knockV2 })),
  ]
  const answers = knocks.map(async ({ url, knock }): Promise<Finding> => {
    try {
      await knock(url)
      return { state: 'fine', what: `${url} lets miners in` }
    } catch (error) {
      const what = `${url} lets nobody in: ${(error as Error).message}`
      return { state: 'wrong', what, todo: 'see to the firewall of this machine, and to its clock' }
    }
  })
  return [state, ...(await Promise.all(answers))]
}
