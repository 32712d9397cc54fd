import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { readOptions } from './options.ts'

test('without --node there are embedded nodes', () => {
  expect(readOptions([])).toMatchObject({ node: undefined, farmNode: undefined, network: 'regtest' })
})

test('a real node is named by its address and a login; the farm has the same one unless told otherwise', () => {
  const one = readOptions(['--node', 'http://alice:p%40ss@127.0.0.1:18443'])
  const node = { url: 'http://127.0.0.1:18443', user: 'alice', password: 'p@ss' }
  expect(one).toMatchObject({ node, farmNode: node })
  const two = readOptions(['--node', 'http://a:b@h:1', '--farm-node', 'http://h:2', '--cookie', 'x/.cookie'])
  expect(two.farmNode).toEqual({ url: 'http://h:2', cookie_file: resolve('x/.cookie') })
})
