import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type RegtestNode, startRegtestNode } from '@sv2/regtest-node'
import type { NodeTemplate } from '@sv2/roles/ground'
import { afterEach, beforeEach } from 'vitest'
import { Signal } from '../_fixtures.ts'
import { type NodeRpc, nodeRpc } from './node-rpc.ts'
import { NodeWatch } from './node-watch.ts'
import type { NodeState } from './template-watch.ts'

let folder = ''
export const cleanUp: (() => unknown)[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sv2-watch-'))
})
afterEach(async () => {
  for (const close of cleanUp.splice(0).reverse()) await close()
  rmSync(folder, { recursive: true, force: true })
})

/** Where a node of this test writes its cookie. */
export const cookieFile = (): string => join(folder, '.cookie')

export async function aNode(port = 0): Promise<RegtestNode> {
  const node = await startRegtestNode({
    cookieFile: cookieFile(),
    port,
    initialBlocks: 2,
    longPollDelayMs: 0,
  })
  cleanUp.push(() => node.stop())
  return node
}

/** A node's RPC that counts its calls, and can be told to do something else. */
export function counting(rpc: NodeRpc) {
  const calls: string[] = []
  let override: ((method: string) => Promise<unknown> | undefined) | undefined
  return {
    calls,
    answerWith: (how: typeof override) => {
      override = how
    },
    rpc: {
      url: rpc.url,
      call(method: string, parameters: readonly unknown[], timeoutMs?: number) {
        calls.push(method)
        return override?.(method) ?? rpc.call(method, parameters, timeoutMs)
      },
    } satisfies NodeRpc,
  }
}

export function watching(
  rpc: NodeRpc,
  {
    intervalMs = 60_000,
    network = 'regtest',
    emptyFirst = false,
  }: { intervalMs?: number; network?: 'regtest' | 'signet'; emptyFirst?: boolean } = {},
) {
  const templates = new Signal<NodeTemplate>()
  const states = new Signal<NodeState>()
  const watch = new NodeWatch(rpc, {
    settings: { network, intervalMs, emptyFirst },
    observer: { onTemplate: (template) => templates.give(template), onState: (state) => states.give(state) },
  })
  cleanUp.push(() => watch.stop())
  void watch.run()
  return { watch, templates, states }
}

export function rpcOf(
  node: Pick<RegtestNode, 'url'>,
  login: { user?: string; password?: string } = {},
): NodeRpc {
  const { user, password } = login
  return nodeRpc({ url: node.url, cookieFile: user === undefined ? cookieFile() : undefined, user, password })
}

export const waiting = (part: string) => (state: NodeState) =>
  state.kind === 'waiting' && state.message.includes(part)
export const ready = (state: NodeState): boolean => state.kind === 'ready'

/** Ready once more than before. */
export async function readyAgain(states: Signal<NodeState>, before: number): Promise<void> {
  while (states.seen.filter(ready).length <= before) await states.count(states.seen.length + 1)
}
