import { reversed, unhex } from '@sv2/bitcoin'
import { startRegtestNode } from '@sv2/regtest-node'
import { describe, expect, test } from 'vitest'
import { Signal } from '../_fixtures.ts'
import {
  aNode,
  cleanUp,
  cookieFile,
  counting,
  ready,
  readyAgain,
  rpcOf,
  waiting,
  watching,
} from './_watching.ts'
import { type NodeRpc, NodeRpcError } from './node-rpc.ts'
import { NodeWatch } from './node-watch.ts'
import type { NodeState } from './template-watch.ts'

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

  test('is asked to wait for a block a second at a time: a restart of ours leaves its threads alone', async () => {
    const waits: unknown[] = []
    const real = rpcOf(await aNode())
    const rpc: NodeRpc = {
      url: real.url,
      call(method, parameters, timeoutMs) {
        if (method === 'waitfornewblock') waits.push(...parameters)
        return real.call(method, parameters, timeoutMs)
      },
    }
    const { states } = watching(rpc)
    await states.first(ready)
    expect(waits).toEqual([1_000])
  })

  test('is never asked for a template that it would answer later', async () => {
    const asked: unknown[] = []
    const node = await aNode()
    const real = rpcOf(node)
    const rpc: NodeRpc = {
      url: real.url,
      call(method, parameters, timeoutMs) {
        if (method === 'getblocktemplate') asked.push(...parameters)
        return real.call(method, parameters, timeoutMs)
      },
    }
    const { templates } = watching(rpc)
    await templates.count(1)
    await node.generate(1)
    await templates.count(2)
    expect(asked).toEqual([{ rules: ['segwit'] }, { rules: ['segwit'] }])
  })

  test('tells the easy target that a testnet has twenty minutes after a block, on the same tip', async () => {
    const node = await startRegtestNode({
      cookieFile: cookieFile(),
      initialBlocks: 2,
      difficulty: 0.001,
      minDifficultyAfterSec: 1_200,
    })
    cleanUp.push(() => node.stop())
    const mined = node.core.chain.tip.block.header.ntime
    node.setClock(mined + 1_200)
    const { templates } = watching(rpcOf(node), { intervalMs: 10 })
    const hard = await templates.first()
    node.setClock(mined + 1_201)
    const easy = await templates.first(({ nbits }) => nbits !== hard.nbits)
    expect(easy).toMatchObject({ nbits: 0x207fffff, prevHash: hard.prevHash, curtime: mined + 1_201 })
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

  test('is asked to wait once at a time, also after it was away', async () => {
    const node = await aNode()
    const real = rpcOf(node)
    let open = 0
    let most = 0
    const counted = counting({
      url: real.url,
      async call(method, parameters, timeoutMs) {
        if (method !== 'waitfornewblock') return real.call(method, parameters, timeoutMs)
        open++
        most = Math.max(most, open)
        return real.call(method, parameters, timeoutMs).finally(() => open--)
      },
    })
    const { states, templates } = watching(counted.rpc)
    await states.first(ready)
    counted.answerWith((method) =>
      method === 'getblocktemplate' ? Promise.reject(new Error('away')) : undefined,
    )
    await node.generate(1)
    await states.first(waiting('away'))
    counted.answerWith(undefined)
    await readyAgain(states, 1)
    await node.generate(1)
    await templates.first(({ height }) => height === node.height() + 1)
    // the one that was going on when the node went away, and the one of now
    expect(most).toBeLessThanOrEqual(2)
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

  test('that knows newer blocks by their headers alone is behind: no template, and it says so', async () => {
    const node = await aNode()
    const { states, templates, watch } = watching(rpcOf(node), { intervalMs: 10 })
    await states.first(ready)
    node.setHeadersAhead(12)
    const state = await states.first(({ kind }) => kind === 'waiting')
    expect(state).toMatchObject({
      cause: 'behind',
      blocksBehind: 12,
      message: expect.stringContaining('(2 of 14 blocks)'),
    })
    expect(watch.isReady).toBe(false)
    const known = templates.seen.length
    await node.generate(1)
    node.setHeadersAhead(0)
    await readyAgain(states, 1)
    expect(templates.seen.slice(known).map(({ height }) => height)).not.toContain(3)
    await templates.first(({ height }) => height === 4)
  })

  test('that has the header of the next block, whose rest is on its way, is well', async () => {
    const node = await aNode()
    node.setHeadersAhead(1)
    const { states } = watching(rpcOf(node))
    expect((await states.first()).kind).toBe('ready')
  })

  test('that must not be given blocks is told so before there is one', async () => {
    const node = await aNode()
    const counted = counting(rpcOf(node))
    const forbidden = new NodeRpcError('forbids submitblock', { code: 403, cause: undefined })
    counted.answerWith((method) => (method === 'submitblock' ? Promise.reject(forbidden) : undefined))
    const { states, templates } = watching(counted.rpc)
    await states.first(waiting('forbids submitblock'))
    expect(templates.seen).toEqual([])
  })

  test.each([
    { challenge: '51', kind: 'ready' },
    { challenge: '5121aa51ae', kind: 'waiting' },
  ])(
    'of a signet of one’s own, challenge $challenge, is $kind at its very first block',
    async ({ challenge, kind }) => {
      const real = rpcOf(await aNode())
      const counted = counting(real)
      const info = (await real.call('getblockchaininfo', [])) as object
      const signet = { ...info, chain: 'signet', initialblockdownload: true, signet_challenge: challenge }
      counted.answerWith((method) => (method === 'getblockchaininfo' ? Promise.resolve(signet) : undefined))
      const { states } = watching(counted.rpc, { network: 'signet' })
      expect((await states.first()).kind).toBe(kind)
    },
  )

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
    await states.first(
      waiting('getblocktemplate cannot be used: it lacks version, it lacks previousblockhash'),
    )
    counted.answerWith(undefined)
    await states.first(ready)
  })

  test('that hands out what must not be mined is refused, with what to do', async () => {
    const node = await aNode()
    const real = rpcOf(node)
    const counted = counting(real)
    const template = (await real.call('getblocktemplate', [{ rules: ['segwit'] }])) as object
    counted.answerWith((method) =>
      method === 'getblocktemplate'
        ? Promise.resolve({ ...template, signet_challenge: '5121aa51ae' })
        : undefined,
    )
    const { states, templates } = watching(counted.rpc)
    expect(await states.first(waiting('-signetchallenge=51'))).toMatchObject({ cause: 'unminable' })
    expect(templates.seen).toEqual([])
  })
})

test('an answer that was asked for before the tip changed, and is late, brings no old tip back', async () => {
  const node = await aNode()
  const counted = counting(rpcOf(node))
  const { states, templates, watch } = watching(counted.rpc)
  await states.first(ready)
  const stale = await rpcOf(node).call('getblocktemplate', [{ rules: ['segwit'] }])
  let late: (answer: unknown) => void = () => undefined
  const asked = new Signal<string>()
  counted.answerWith((method) => {
    if (method !== 'getblocktemplate') return undefined
    counted.answerWith(undefined)
    asked.give(method)
    return new Promise((resolve) => {
      late = resolve
    })
  })
  watch.poke()
  await asked.first()
  await node.generate(1)
  late(stale)
  await templates.first(({ height }) => height === node.height() + 1)
  const heights = templates.seen.map(({ height }) => height)
  expect(heights).toEqual([...heights].sort((a, b) => a - b))
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
