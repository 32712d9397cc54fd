import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A database server of a test. */
export interface TestPostgres {
  readonly url: string
  stop(): Promise<void>
}

/** Debian keeps its programs out of the PATH. */
const FOLDERS = [
  '',
  '/usr/lib/postgresql/17/bin/',
  '/usr/lib/postgresql/16/bin/',
  '/usr/lib/postgresql/15/bin/',
]

/** Where the server's programs are; undefined when it is not installed. */
export function postgresFolder(): string | undefined {
  return FOLDERS.find((folder) => {
    try {
      execFileSync(`${folder}initdb`, ['--version'], { stdio: 'ignore' })
      execFileSync(`${folder}postgres`, ['--version'], { stdio: 'ignore' })
      return true
    } catch {
      return false
    }
  })
}

/** Starts a server on a free port of the loopback interface, with its files in a folder of its own. */
export async function startPostgres(bin: string): Promise<TestPostgres> {
  const folder = mkdtempSync(join(tmpdir(), 'sv2-postgres-'))
  const data = join(folder, 'data')
  const user = systemUser()
  // it refuses to run as root
  if (user !== undefined) chownSync(folder, user.uid, user.gid)
  execFileSync(`${bin}initdb`, ['-D', data, '-U', 'sv2', '-A', 'trust', '-N', '-E', 'UTF8', '--locale=C'], {
    stdio: 'ignore',
    ...user,
  })
  const port = await freePort()
  const options = ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', folder, '-F']
  const server = spawn(`${bin}postgres`, options, { stdio: ['ignore', 'ignore', 'pipe'], ...user })
  await ready(server)
  return {
    url: `postgres://sv2@127.0.0.1:${port}/postgres`,
    async stop() {
      const ended = once(server, 'exit')
      server.kill('SIGINT')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function ready(server: ChildProcess): Promise<void> {
  let text = ''
  for await (const chunk of server.stderr!) {
    text += String(chunk)
    if (text.includes('ready to accept connections')) {
      // nobody reads the rest, and a full pipe would stop the server
      server.stderr!.resume()
      return
    }
  }
  throw new Error(`postgres did not start: ${text}`)
}

function systemUser(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  for (const name of ['postgres', 'nobody']) {
    try {
      const id = (kind: string) =>
        Number(execFileSync('id', [kind, name], { stdio: ['ignore', 'pipe', 'ignore'] }))
      return { uid: id('-u'), gid: id('-g') }
    } catch {
      // the next name
    }
  }
  return undefined
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}
