import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { rpc, type TestedNode } from './_rpc-client.ts'

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

/** Starts a real bitcoind on a regtest of its own and waits until it answers. */
export async function startBitcoind(binary: string): Promise<TestedNode> {
  const directory = await mkdtemp(join(tmpdir(), 'bitcoind-'))
  const port = await freePort()
  const child = spawn(
    binary,
    [
      '-regtest',
      `-datadir=${directory}`,
      `-rpcport=${port}`,
      '-listen=0',
      '-server',
      '-disablewallet',
      '-printtoconsole=0',
    ],
    { stdio: 'ignore' },
  )
  const stop = async (): Promise<void> => {
    if (child.exitCode === null) {
      child.kill('SIGTERM')
      await once(child, 'exit')
    }
    await rm(directory, { recursive: true, force: true })
  }
  const login = await answering(child, `http://127.0.0.1:${port}`, join(directory, 'regtest/.cookie'))
  return { url: `http://127.0.0.1:${port}`, login, stop }
}

async function answering(child: ChildProcess, url: string, cookieFile: string): Promise<string> {
  let last: unknown
  for (let attempt = 0; attempt < 300 && child.exitCode === null; attempt++) {
    try {
      const login = await readFile(cookieFile, 'utf8')
      await rpc({ url, login, stop: async () => {} }, 'getblockcount')
      return login
    } catch (error) {
      last = error
      await pause(100)
    }
  }
  throw new Error('bitcoind did not start', { cause: last })
}
