import { merklePath, sha256d } from '@sv2/bitcoin'
import type { NodeTemplate, NodeTransaction } from '@sv2/roles/ground'
import { describe, expect, test } from 'vitest'
import { aNode, cleanUp, cookieFile, rpcOf } from './_watching.ts'
import { NodeRpcError } from './node-rpc.ts'
import { buffersOf, TemplatePacker, TemplateUnpacker } from './packed-template.ts'
import { templatesHere } from './template-source.ts'
import { ThreadedTemplates } from './threaded-templates.ts'

const filled = (mark: number, length = 32): Uint8Array => new Uint8Array(length).fill(mark)
const aTransaction = (mark: number, over: Partial<NodeTransaction> = {}): NodeTransaction => ({
  data: filled(mark, 60 + mark),
  txid: filled(mark),
  wtxid: filled(mark + 100),
  fee: BigInt(1_000 * mark),
  weight: 240 + mark,
  sigops: mark,
  depends: [],
  ...over,
})
const aTemplate = (...transactions: readonly NodeTransaction[]): NodeTemplate => ({
  prevHash: filled(9),
  height: 7,
  version: 0x2000_0000,
  nbits: 0x207fffff,
  target: filled(3),
  curtime: 5,
  mintime: 4,
  coinbaseValue: 5_000_000_000n,
  transactions,
  weightLimit: 4_000_000,
  sigopLimit: 80_000,
  segwit: true,
})

/** Packs and unpacks, as between two threads. */
function passage() {
  const [packer, unpacker] = [new TemplatePacker(), new TemplateUnpacker()]
  return (template: NodeTemplate): NodeTemplate => {
    const packed = packer.pack(template)
    return unpacker.unpack(structuredClone(packed, { transfer: buffersOf(packed) }))
  }
}

describe('a template that passes from thread to thread', () => {
  test('is the same, and has its merkle path', () => {
    const template = aTemplate(aTransaction(1), aTransaction(2, { depends: [0] }), aTransaction(3))
    const { merklePath: path, ...passed } = passage()(template)
    expect(passed).toEqual(template)
    expect(path).toEqual(merklePath([filled(1), filled(2), filled(3)], sha256d))
  })

  test('says of what the template before had only what has changed', () => {
    const pass = passage()
    const [one, two, three] = [aTransaction(1), aTransaction(2), aTransaction(3, { depends: [1] })]
    const before = pass(aTemplate(one, two, three))
    const changed = { ...three, depends: [0], fee: 5n }
    const after = pass(aTemplate(two, changed, aTransaction(4)))
    expect(after.transactions).toEqual([two, changed, aTransaction(4)])
    expect(after.transactions[0]).toBe(before.transactions[1])
    expect(after.transactions[1]?.data).toBe(before.transactions[2]?.data)
  })

  test('of which nothing is new takes no bytes', () => {
    const packer = new TemplatePacker()
    const template = aTemplate(aTransaction(1), aTransaction(2))
    packer.pack(template)
    expect(packer.pack(template).data).toHaveLength(0)
  })
})

describe('a thread that reads templates', () => {
  const threaded = (url: string) => {
    const templates = new ThreadedTemplates({
      url,
      cookieFile: cookieFile(),
      user: undefined,
      password: undefined,
    })
    cleanUp.push(() => templates.stop())
    return templates
  }

  test('gives what the node gives', async () => {
    const node = await aNode()
    const here = await templatesHere(rpcOf(node)).read(['segwit'])
    const templates = threaded(node.url)
    for (let time = 0; time < 2; time++) {
      const { curtime, merklePath: _, ...there } = await templates.read(['segwit'])
      expect({ ...there, curtime: here.curtime }).toEqual(here)
      expect(curtime).toBeGreaterThanOrEqual(here.curtime)
    }
  })

  test('says with its code what the node says against it', async () => {
    const node = await aNode()
    const error = await threaded(node.url)
      .read([])
      .catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(NodeRpcError)
    expect(error).toMatchObject({ code: -8, message: expect.stringContaining('segwit') })
  })

  test('that was ended fails what waits, and is started again by the next call', async () => {
    const node = await aNode()
    const templates = threaded(node.url)
    const waiting = templates.read(['segwit'])
    templates.stop()
    await expect(waiting).rejects.toThrow('has ended')
    expect((await templates.read(['segwit'])).height).toBe(3)
  })
})
