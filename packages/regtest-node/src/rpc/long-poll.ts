import { setTimeout as sleep } from 'node:timers/promises'
import type { RpcCall } from './rpc-method.ts'

/** The id of the state a template was made in: hash of the tip, then the count of mempool changes. */
export function longPollId({ node }: RpcCall): string {
  return node.chain.tip.block.id + node.mempool.updates
}

/**
 * Waits until the state named by a long poll id is out of date: at once on a new tip, `longPollDelayMs` after a change of the
 * mempool, or when the caller is gone. An id that names no state, or an old one, does not wait for a new tip.
 */
export async function waitForNews(call: RpcCall, id: string): Promise<void> {
  const { node, signal } = call
  if (signal.aborted || id.slice(0, 64) !== node.chain.tip.block.id) return
  const done = new AbortController()
  const finish = (): void => done.abort()
  const stopWatching = node.chain.onTipChange(finish)
  signal.addEventListener('abort', finish, { once: true })
  try {
    if (id.slice(64) === String(node.mempool.updates)) await mempoolChange(call, done.signal)
    await pause(call.longPollDelayMs, done.signal)
  } finally {
    stopWatching()
    signal.removeEventListener('abort', finish)
  }
}

function mempoolChange({ node }: RpcCall, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const stop = node.mempool.onTransaction(() => {
      stop()
      resolve()
    })
    signal.addEventListener(
      'abort',
      () => {
        stop()
        resolve()
      },
      { once: true },
    )
  })
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal })
  } catch (error) {
    // Cut short by a new tip or a caller that hung up: the waiting is over either way.
    if (!(error instanceof Error && error.name === 'AbortError')) throw error
  }
}
