import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { reversed, unhex } from '@sv2/bitcoin'
import { type RegtestNode, startRegtestNode } from '@sv2/regtest-node'
import type { NodeTemplate } from '@sv2/roles/provider'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Signal } from '../_fixtures.ts'
import { type NodeRpc, nodeRpc } from './node-rpc.ts'
import { type NodeState, NodeWatch } from './node-watch.ts'

let folder = ''
let cookieFile = ''
const cleanUp: (() => unknown)[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sv2-watch-'))
  cookieFile = join(folder, '.cookie')
})
afterEach(async () => {
  for (const close of cleanUp.splice(0).reverse()) await close()
  rmSync(folder, { recursive: true, force: true })
})

async function aNode(port = 0): Promise<RegtestNode> {
  const node = await startRegtestNode({ cookieFile, port, initialBlocks: 2, longPollDelayMs: 0 })
  cleanUp.push(() => node.stop())
  return node
}

/** A node's RPC that counts its calls, and can be told to do something else. */
function counting(rpc: NodeRpc) {
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
        calls.push(
          method === 'getblocktemplate' && JSON.stringify(parameters).includes('longpollid')
            ? 'long poll'
            : method,
        )
        return override?.(method) ?? rpc.call(method, parameters, timeoutMs)
      },
    } satisfies NodeRpc,
  }
}

function watching(
  rpc: NodeRpc,
  { intervalMs = 60_000, network = 'regtest' }: { intervalMs?: number; network?: 'regtest' | 'signet' } = {},
) {
  const templates = new Signal<NodeTemplate>()
  const states = new Signal<NodeState>()
  const watch = new NodeWatch(rpc, {
    settings: { network, intervalMs },
    observer: { onTemplate: (template) => templates.give(template), onState: (state) => states.give(state) },
  })
  cleanUp.push(() => watch.stop())
  void watch.run()
  return { watch, templates, states }
}

function rpcOf(node: Pick<RegtestNode, 'url'>, login: { user?: string; password?: string } = {}): NodeRpc {
  const { user, password } = login
  return nodeRpc({ url: node.url, cookieFile: user === undefined ? cookieFile : undefined, user, password })
}

const waiting = (part: string) => (state: NodeState) =>
  state.kind === 'waiting' && state.message.includes(part)
const ready = (state: NodeState): boolean => state.kind === 'ready'

/** Ready once more than before. */
async function readyAgain(states: Signal<NodeState>, before: number): Promise<void> {
  while (states.seen.filter(ready).length <= before) await states.count(states.seen.length + 1)
}

describe('a node that is well', () => {
  test('gives its template at the start, and each new tip at once', async () => {
    const node = await aNode()
    const { templates, states, watch } = watching(rpcOf(node))
    await states.first(ready)
    expect(watch.isReady).toBe(true)
    expect(templates.seen[0]).toMatchObject({ height: node.height() + 1, segwit: true })
    const [hash] = await node.generate(1)
    const tip = reversed(unhex(hash!))
    const template = await templates.first(({ prevHash }) => Buffer.from(tip).equals(prevHash))
    expect(template.height).toBe(node.height() + 1)
  })

  test('on a signet, is told that we know what a signet is', async () => {
    const node = await aNode()
    node.setChain('signet')
    node.setInitialBlockDownload(false)
    const real = rpcOf(node)
    const asked: unknown[] = []
    const rpc: NodeRpc = {
      url: real.url,
      call(method, parameters, timeoutMs) {
        if (method === 'getblocktemplate') asked.push(...parameters)
        return real.call(method, parameters, timeoutMs)
      },
    }
    const { states } = watching(rpc, { network: 'signet' })
    await states.first(ready)
    expect(asked[0]).toMatchObject({ rules: ['segwit', 'signet'] })
  })

  test('is asked for fees in intervals', async () => {
    const node = await aNode()
    const { templates, states } = watching(rpcOf(node), { intervalMs: 10 })
    await states.first(ready)
    await templates.count(4)
  })

  test('is asked by a new long poll when another poll saw the tip and the old one stays silent', async () => {
    const node = await aNode()
    const real = rpcOf(node)
    let longPolls = 0
    const rpc: NodeRpc = {
      url: real.url,
      call(method, parameters, timeoutMs) {
        const isLongPoll = JSON.stringify(parameters).includes('longpollid')
        if (isLongPoll) longPolls++
        return isLongPoll && longPolls === 1
          ? new Promise(() => undefined)
          : real.call(method, parameters, timeoutMs)
      },
    }
    const { templates, states, watch } = watching(rpc)
    await states.first(ready)
    await new Promise((resolve) => setImmediate(resolve))
    await node.generate(1)
    watch.poke()
    await templates.first(({ height }) => height === 4)
    await node.generate(1)
    await templates.first(({ height }) => height === 5)
    expect(longPolls).toBeGreaterThanOrEqual(2)
  })

  test('may leave a long poll without an answer for hours: a quiet network is no failure', async () => {
    const timeouts: unknown[] = []
    const real = rpcOf(await aNode())
    const rpc: NodeRpc = {
      url: real.url,
      call(method, parameters, timeoutMs) {
        if (!JSON.stringify(parameters).includes('longpollid'))
          return real.call(method, parameters, timeoutMs)
        timeouts.push(timeoutMs)
        return new Promise(() => undefined)
      },
    }
    const { states } = watching(rpc)
    await states.first(ready)
    expect(timeouts).toEqual([86_400_000])
  })

  test('is asked at once when it is poked', async () => {
    const node = await aNode()
    const counted = counting(rpcOf(node))
    const { templates, states, watch } = watching(counted.rpc)
    await states.first(ready)
    await new Promise((resolve) => setImmediate(resolve))
    watch.poke()
    await templates.count(2)
  })

  test('is asked by one long poll at a time, also after it was away', async () => {
    const node = await aNode()
    const counted = counting(rpcOf(node))
    const { states } = watching(counted.rpc)
    await states.first(ready)
    counted.answerWith((method) =>
      method === 'getblocktemplate' ? Promise.reject(new Error('away')) : undefined,
    )
    await node.generate(1)
    await states.first(waiting('away'))
    counted.answerWith(undefined)
    await readyAgain(states, 1)
    counted.calls.length = 0
    await node.generate(1)
    await node.generate(1)
    await states.first(ready)
    await new Promise((resolve) => setImmediate(resolve))
    expect(counted.calls.filter((call) => call === 'long poll').length).toBeLessThanOrEqual(3)
  })
})

describe('a node that is not well', () => {
  test('is waited for while it starts', async () => {
    const node = await aNode()
    node.setWarmup(true)
    const { states, templates } = watching(rpcOf(node))
    await states.first(waiting('(the node is starting)'))
    node.setWarmup(false)
    await states.first(ready)
    expect(templates.seen).toHaveLength(1)
  })

  test('is waited for while it downloads the chain', async () => {
    const node = await aNode()
    node.setChain('test')
    node.setInitialBlockDownload(true)
    const states = new Signal<NodeState>()
    const watch = new NodeWatch(rpcOf(node), {
      settings: { network: 'testnet', intervalMs: 60_000 },
      observer: { onTemplate: () => undefined, onState: (state) => states.give(state) },
    })
    cleanUp.push(() => watch.stop())
    void watch.run()
    const state = await states.first()
    expect(state).toMatchObject({
      message: expect.stringMatching(/is in initial block download \(\d+ of \d+ blocks\)/),
    })
    node.setInitialBlockDownload(false)
    await states.first(ready)
  })

  test('on another network is told from ours by name', async () => {
    const node = await aNode()
    node.setChain('main')
    const { states } = watching(rpcOf(node))
    await states.first(waiting('runs on mainnet, and this provider on regtest'))
  })

  test('is waited for while it is down, and found again', async () => {
    const node = await aNode()
    const { port } = node
    const { states, watch, templates } = watching(rpcOf(node))
    await states.first(ready)
    await node.stop()
    await states.first((state) => state.kind === 'waiting')
    expect(watch.isReady).toBe(false)
    const again = await aNode(port)
    await readyAgain(states, 1)
    const known = templates.seen.length
    await again.generate(1)
    await templates.count(known + 1)
  })

  test('that makes a new cookie at its start is reached by the new one', async () => {
    const node = await aNode()
    const { states } = watching(rpcOf(node))
    await states.first(ready)
    const { port, cookie } = node
    await node.stop()
    await states.first(waiting('cookie file'))
    const again = await aNode(port)
    expect(again.cookie).not.toBe(cookie)
    await readyAgain(states, 1)
  })

  test('that refuses the login says so', async () => {
    const node = await aNode()
    const { states } = watching(rpcOf(node, { user: 'a', password: 'b' }))
    await states.first(waiting('refuses user and password'))
  })

  test('that answers nonsense is asked again', async () => {
    const node = await aNode()
    const counted = counting(rpcOf(node))
    counted.answerWith((method) =>
      method === 'getblocktemplate' ? Promise.resolve({ height: 'x' }) : undefined,
    )
    const { states } = watching(counted.rpc)
    await states.first((state) => state.kind === 'waiting')
    counted.answerWith(undefined)
    await states.first(ready)
  })
})

test('an answer asked for before the tip changed, and late, is ignored', async () => {
  const node = await aNode()
  const counted = counting(rpcOf(node))
  const { states, templates, watch } = watching(counted.rpc)
  await states.first(ready)
  const stale = await rpcOf(node).call('getblocktemplate', [{ rules: ['segwit'] }])
  let late: (answer: unknown) => void = () => undefined
  let asked: () => void = () => undefined
  const isAsked = new Promise<void>((resolve) => {
    asked = resolve
  })
  counted.answerWith((method) => {
    if (method !== 'getblocktemplate') return undefined
    counted.answerWith(undefined)
    asked()
    return new Promise((resolve) => {
      late = resolve
    })
  })
  await new Promise((resolve) => setImmediate(resolve))
  watch.poke()
  await isAsked
  await node.generate(1)
  await templates.first(({ height }) => height === node.height() + 1)
  const known = templates.seen.length
  late(stale)
  await new Promise((resolve) => setImmediate(resolve))
  await node.generate(1)
  await templates.count(known + 1)
  expect(templates.seen.map(({ height }) => height)).toEqual(
    [...templates.seen.map(({ height }) => height)].sort((a, b) => a - b),
  )
})

test('a watch that is stopped says nothing more', async () => {
  const node = await aNode()
  const { states, templates, watch } = watching(rpcOf(node))
  await states.first(ready)
  watch.stop()
  const known = [states.seen.length, templates.seen.length]
  await node.generate(1)
  await rpcOf(node)
    .call('getblockcount', [])
    .catch(() => undefined)
  expect([states.seen.length, templates.seen.length]).toEqual(known)
})
