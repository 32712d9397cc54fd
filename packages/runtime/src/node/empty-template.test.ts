import { displayHash, nbitsToTarget } from '@sv2/bitcoin'
import type { NodeTemplate } from '@sv2/roles/ground'
import { describe, expect, test } from 'vitest'
import { aNode, counting, ready, rpcOf, watching } from './_watching.ts'
import { emptyTemplate } from './empty-template.ts'
import { NodeRpcError } from './node-rpc.ts'

const LAST: NodeTemplate = {
  prevHash: new Uint8Array(32).fill(1),
  height: 900_000,
  version: 0x2000_0004,
  nbits: 0x1702_3d30,
  target: nbitsToTarget(0x1702_3d30),
  curtime: 1_700_000_000,
  mintime: 1_699_999_000,
  coinbaseValue: 316_000_000n,
  transactions: [],
  weightLimit: 4_000_000,
  sigopLimit: 80_000,
  segwit: true,
}
const HEADER = { hash: `00${'ab'.repeat(31)}`, height: 900_000, bits: '17023d30', mediantime: 1_699_999_500 }

describe('a template without transactions', () => {
  test('builds on the header, pays the subsidy, and has all else of the template before', () => {
    const empty = emptyTemplate(HEADER, LAST, 'mainnet')!
    expect(displayHash(empty.prevHash)).toBe(HEADER.hash)
    const { version, nbits, target, weightLimit, sigopLimit, segwit } = LAST
    expect(empty).toMatchObject({
      ...{ version, nbits, target, weightLimit, sigopLimit, segwit },
      height: 900_001,
      mintime: 1_699_999_501,
      coinbaseValue: 312_500_000n,
      transactions: [],
      isProvisional: true,
    })
    expect(empty.curtime).toBeGreaterThanOrEqual(empty.mintime)
    expect(empty.commitmentScript).toBeUndefined()
  })

  test('begins no earlier than the median time allows, whatever our clock says', () => {
    const mediantime = 4_000_000_000
    expect(emptyTemplate({ ...HEADER, mediantime }, LAST, 'mainnet')?.curtime).toBe(mediantime + 1)
  })

  test.each([
    ['the target changes at the next block', { ...HEADER, height: 2_016 * 447 - 1 }, 'mainnet'],
    ['the block has another target than the template before', { ...HEADER, bits: '1d00ffff' }, 'mainnet'],
    ['the network allows easy blocks', HEADER, 'testnet'],
  ] as const)('is not made where %s', (_, header, network) => {
    expect(emptyTemplate(header, LAST, network)).toBeUndefined()
  })
})

describe('a node that takes its time for a whole template', () => {
  test('is asked for the header of its new block, and miners have work on it before', async () => {
    const node = await aNode()
    const { rpc, answerWith } = counting(rpcOf(node))
    const { templates, states } = watching(rpc, { emptyFirst: true })
    await states.first(ready)
    let release: () => void = () => undefined
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    const real = rpcOf(node)
    answerWith((method) =>
      method === 'getblocktemplate'
        ? released.then(() => real.call(method, [{ rules: ['segwit'] }]))
        : undefined,
    )
    const [hash] = await node.generate(1)
    const empty = await templates.first(({ prevHash }) => displayHash(prevHash) === hash)
    expect(empty).toMatchObject({ isProvisional: true, height: node.height() + 1, transactions: [] })
    release()
    const whole = await templates.first(
      ({ prevHash, isProvisional }) => displayHash(prevHash) === hash && isProvisional === undefined,
    )
    // what the node says itself
    for (const member of ['nbits', 'height', 'mintime', 'coinbaseValue'] as const)
      expect(empty[member]).toBe(whole[member])
    expect(empty.target).toEqual(whole.target)
  })

  test('and does not tell headers is waited for', async () => {
    const node = await aNode()
    const { rpc, answerWith, calls } = counting(rpcOf(node))
    const { templates, states } = watching(rpc, { emptyFirst: true })
    await states.first(ready)
    const real = rpcOf(node)
    answerWith((method) => {
      if (method === 'getblockheader')
        return Promise.reject(new NodeRpcError('forbidden', { code: 403, cause: undefined }))
      if (method !== 'getblocktemplate') return undefined
      return new Promise((resolve) => setTimeout(resolve, 120)).then(() =>
        real.call(method, [{ rules: ['segwit'] }]),
      )
    })
    const [hash] = await node.generate(1)
    await templates.first(({ prevHash }) => displayHash(prevHash) === hash)
    expect(calls).toContain('getblockheader')
    expect(templates.seen.some(({ isProvisional }) => isProvisional === true)).toBe(false)
    expect(states.seen.filter(({ kind }) => kind === 'waiting')).toEqual([])
  })

  test('is not asked for headers where that is off', async () => {
    const node = await aNode()
    const { rpc, calls } = counting(rpcOf(node))
    const { templates, states } = watching(rpc)
    await states.first(ready)
    const [hash] = await node.generate(1)
    await templates.first(({ prevHash }) => displayHash(prevHash) === hash)
    expect(calls).not.toContain('getblockheader')
  })
})
