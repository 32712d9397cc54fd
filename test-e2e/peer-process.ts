import { spawn } from 'node:child_process'

/** A program of others that runs beside ours. */
export interface PeerProcess {
  /** Rejects, with what it printed last, when the program ends by itself. */
  readonly failed: Promise<never>
  stop(): Promise<void>
}

/** Starts a program of others. */
export function startPeer(binary: string, args: readonly string[]): PeerProcess {
  const child = spawn(binary, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let printed = ''
  const keep = (chunk: Buffer): void => {
    printed = (printed + chunk.toString()).slice(-2_000)
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  const ended = new Promise<string>((resolve) => {
    child.on('error', ({ message }) => resolve(message))
    child.on('close', (code, signal) => resolve(`the peer ended, ${signal ?? code}: ${printed}`))
  })
  let stopping = false
  const failed = ended.then((how): Promise<never> => {
    // A stopped peer has not failed: whoever still waits is about to be torn down.
    return stopping ? new Promise(() => undefined) : Promise.reject(new Error(how))
  })
  failed.catch(() => undefined)
  return {
    failed,
    async stop() {
      stopping = true
      child.kill()
      await ended
    },
  }
}
