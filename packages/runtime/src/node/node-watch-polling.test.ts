import { describe, expect, test } from 'vitest'
import { aNode, counting, ready, rpcOf, watching } from './_watching.ts'
import { type NodeRpc, NodeRpcError } from './node-rpc.ts'
import type { NodeState } from './template-watch.ts'

describe('a node that cannot wait for us', () => {
  const polled = (part: string) => (state: NodeState) =>
    state.kind === 'polled' && state.reason.includes(part)

  test.each([
    { why: 'it forbids it', code: 403, part: 'forbids waitfornewblock' },
    { why: 'it has no such method', code: -32601, part: 'no such method' },
  ])('since $why, is looked at, and says so once', async ({ code, part }) => {
    const node = await aNode()
    const real = rpcOf(node)
    const rpc: NodeRpc = {
      url: real.url,
      call(method, parameters, timeoutMs) {
        if (method !== 'waitfornewblock') return real.call(method, parameters, timeoutMs)
        return Promise.reject(new NodeRpcError(`a node that ${part}`, { code, cause: undefined }))
      },
    }
    const { templates, states, watch } = watching(rpc)
    await states.first(polled(part))
    for (let n = 1; n <= 2; n++) {
      await node.generate(1)
      await templates.first(({ height }) => height === node.height() + 1)
    }
    expect(states.seen.filter(({ kind }) => kind === 'polled')).toHaveLength(1)
    expect(watch.isReady).toBe(true)
  })

  test('since it has one thread alone, is looked at: what we ask never waits behind a wait', async () => {
    const node = await aNode()
    const real = rpcOf(node)
    let last: Promise<unknown> = Promise.resolve()
    const asked: string[] = []
    // one call after the other, as with -rpcthreads=1; time passes at once
    const rpc: NodeRpc = {
      url: real.url,
      call(method, parameters) {
        asked.push(method)
        const given = method === 'waitfornewblock' ? [1] : parameters
        const answer = last.then(() => real.call(method, given))
        last = answer.catch(() => undefined)
        return answer
      },
    }
    const { templates, states } = watching(rpc)
    await states.first(polled('-rpcthreads'))
    await states.first(ready)
    const known = asked.length
    await node.generate(1)
    await templates.first(({ height }) => height === node.height() + 1)
    expect(asked.slice(known)).not.toContain('waitfornewblock')
  })

  test('since its answer to that is none, is looked at', async () => {
    const node = await aNode()
    const counted = counting(rpcOf(node))
    counted.answerWith((method) => (method === 'waitfornewblock' ? Promise.resolve(null) : undefined))
    const { states } = watching(counted.rpc)
    await states.first(polled('waitfornewblock'))
  })

  test('nor says which block is the newest, gives a template for each', async () => {
    const node = await aNode()
    const real = rpcOf(node)
    const counted = counting(real)
    counted.answerWith((method) => {
      if (method === 'waitfornewblock') return Promise.resolve(null)
      if (method !== 'getblockchaininfo') return undefined
      return real.call(method, []).then((info) => ({ ...(info as object), bestblockhash: undefined }))
    })
    const { templates } = watching(counted.rpc)
    for (let n = 1; n <= 2; n++) {
      await node.generate(1)
      await templates.first(({ height }) => height === node.height() + 1)
    }
    // and is asked for none while nothing happens
    const asks = () => counted.calls.filter((method) => method === 'getblocktemplate').length
    const before = asks()
    const looks = counted.calls.length
    while (counted.calls.length < looks + 5) await new Promise((wake) => setTimeout(wake, 20))
    expect(asks()).toBeLessThanOrEqual(before + 1)
  })
})
