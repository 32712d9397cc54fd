import { assembleBlock, decodeHeader, encodeHeader, merkleRoot, parseBlock, txid, unhex } from '@sv2/bitcoin'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Chain } from './chain.ts'
import { hasProofOfWork } from './check-block.ts'
import { genesisBlock } from './genesis.ts'
import { loadBlock } from './loaded-block.ts'
import { NodeCore } from './node-core.ts'

const EASY = { coinbaseMaturity: 1, easyBlocks: 0, nbits: 0x207fffff }

test('the first block is that of regtest', () => {
  expect(genesisBlock().id).toBe('0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206')
  expect(hasProofOfWork(genesisBlock())).toBe(true)
})

describe('blocks that RPC fixtures cannot make', () => {
  let node: NodeCore

  beforeEach(async () => {
    node = new NodeCore(EASY, { clock: () => 1_700_000_000, walletSeed: 'chain' })
    await node.generate(2)
  })

  function remined(transactions: readonly Uint8Array[], header: Partial<ReturnType<typeof decodeHeader>>) {
    const parsed = transactions.map(
      (bytes) => parseBlock(assembleBlock(new Uint8Array(80), [bytes])).transactions[0]!,
    )
    const base = {
      version: 0x20000000,
      prevHash: node.chain.tip.block.hash,
      merkleRoot: parsed.length === 0 ? new Uint8Array(32) : merkleRoot(parsed.map((tx) => txid(tx))),
      ntime: 1_700_000_100,
      nbits: 0x207fffff,
      ...header,
    }
    for (let nonce = 0; ; nonce++) {
      const block = loadBlock({
        header: decodeHeader(encodeHeader({ ...base, nonce })),
        transactions: parsed,
      })
      if (hasProofOfWork(block)) return block
    }
  }

  const spend = unhex(`0200000001${'77'.repeat(32)}0000000000ffffffff01e80300000000000001ac00000000`)

  test('a block of nothing, without a coinbase, or with two', () => {
    const coinbase = node.chain.tip.block.transactions[0]!.bytes
    expect(node.chain.submit(remined([], {}))).toBe('bad-blk-length')
    expect(node.chain.submit(remined([spend], {}))).toBe('bad-cb-missing')
    const other = node.chain.at(1)!.block.transactions[0]!.bytes
    expect(node.chain.submit(remined([coinbase, other], {}))).toBe('bad-cb-multiple')
  })

  test('a claimed target that is negative or too easy proves no work', () => {
    const block = node.chain.tip.block
    for (const nbits of [0x20ffffff, 0x217fffff, 0xff123456]) {
      const forged = loadBlock({
        header: { ...block.header, nbits },
        transactions: block.transactions.map(({ tx }) => tx),
      })
      expect(node.chain.submit(forged)).toBe('high-hash')
    }
  })

  test('a coinbase made for another height is refused, so that none can repeat', () => {
    const earlier = node.chain.at(1)!.block.transactions[0]!
    expect(node.chain.submit(remined([earlier.bytes], { prevHash: node.chain.genesis.block.hash }))).toBe(
      'inconclusive',
    )
    expect(node.chain.submit(remined([earlier.bytes], {}))).toBe('bad-cb-height')
  })
})

test('coins are the same after blocks were taken off and put back', async () => {
  const node = new NodeCore(EASY, { clock: () => 1_700_000_000, walletSeed: 'undo' })
  await node.generate(3)
  const payment = node.wallet.nextPayment()!
  expect(node.mempool.accept(payment)).toHaveProperty('entry')
  await node.generate(1)
  const chain: Chain = node.chain
  const { tip } = chain
  const keys = node.wallet.keys.flatMap((key) => [...chain.coins.keysOf(key.script)]).sort()
  const before = chain.coins.size
  chain.invalidate(chain.at(1)!)
  expect(chain.tip).toBe(chain.genesis)
  expect(chain.coins.size).toBe(0)
  chain.reconsider(tip)
  expect(chain.tip).toBe(tip)
  expect(chain.coins.size).toBe(before)
  expect(node.wallet.keys.flatMap((key) => [...chain.coins.keysOf(key.script)]).sort()).toEqual(keys)
  expect(() => chain.invalidate(chain.genesis)).toThrow(RangeError)
})
