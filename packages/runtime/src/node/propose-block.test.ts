import { expect, test } from 'vitest'
import { type NodeRpc, NodeRpcError } from './node-rpc.ts'
import { proposeBlock } from './propose-block.ts'

const BLOCK = Uint8Array.of(1, 2, 3)

function aNode(url: string, answer: unknown): NodeRpc {
  return {
    url,
    async call() {
      if (answer instanceof Error) throw answer
      return answer
    },
  }
}

test.each([{ answer: { an: 'object' } }, { answer: 17 }, { answer: undefined }, { answer: ['high-hash'] }])(
  'an answer that is no verdict ($answer) is told of, and the next node is asked',
  async ({ answer }) => {
    const told: string[] = []
    const nodes = [aNode('http://odd', answer), aNode('http://good', 'bad-cb-amount')]
    expect(await proposeBlock(nodes, BLOCK, (node) => told.push(node))).toBe('bad-cb-amount')
    expect(told).toEqual(['http://odd'])
    expect(await proposeBlock(nodes.slice(0, 1), BLOCK)).toBeUndefined()
  },
)

test('a block that a node cannot read is no block, and one that cannot be asked says nothing', async () => {
  const failing = (code: number | undefined) =>
    aNode('http://node', new NodeRpcError('no', { code, cause: undefined }))
  expect(await proposeBlock([failing(-22)], BLOCK)).toBe('undecodable')
  expect(await proposeBlock([failing(undefined), failing(403)], BLOCK)).toBeUndefined()
})
