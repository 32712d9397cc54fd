import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hex, nbitsToTarget, parseBlock, targetToDifficulty, txid, witnessProgram } from '@sv2/bitcoin'
import { afterEach, describe, expect, test } from 'vitest'
import { candidateBlock } from './_candidate-block.ts'
import { post, rpc } from './_rpc-client.ts'
import { connectNodes } from './connect-nodes.ts'
import type { RegtestNodeOptions } from './options.ts'
import type { RegtestNode } from './regtest-node.ts'
import { startRegtestNode } from './start-regtest-node.ts'

const running: RegtestNode[] = []

async function start(options: RegtestNodeOptions = {}): Promise<RegtestNode> {
  const node = await startRegtestNode({
    coinbaseMaturity: 2,
    initialBlocks: 6,
    longPollDelayMs: 1,
    ...options,
  })
  running.push(node)
  return node
}

afterEach(async () => {
  for (const node of running.splice(0)) await node.stop()
})

const tested = (node: RegtestNode, login = node.cookie) => ({ url: node.url, login, stop: () => node.stop() })

describe('starting', () => {
  test('nodes of the same options start with the very same chain and funds', async () => {
    const [a, b] = [await start(), await start()]
    expect(a.height()).toBe(6)
    expect(a.bestHash()).toBe(b.bestHash())
    expect(a.core.wallet.confirmedCoins().length).toBeGreaterThan(0)
    expect((await start({ walletSeed: 'other' })).bestHash()).not.toBe(a.bestHash())
  })

  test('by default ten rewards are mature', async () => {
    const node = await start({ coinbaseMaturity: 100, initialBlocks: 110 })
    expect(node.core.wallet.confirmedCoins()).toHaveLength(11)
  })

  test('the login works beside the cookie, whose file goes away with the node', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'regtest-node-'))
    const cookieFile = join(directory, '.cookie')
    const node = await start({ rpcUser: 'user', rpcPassword: 'pass:word', cookieFile })
    expect(await readFile(cookieFile, 'utf8')).toBe(node.cookie)
    expect((await stat(cookieFile)).mode & 0o777).toBe(0o600)
    expect(await rpc(tested(node, 'user:pass:word'), 'getblockcount')).toBe(6)
    expect(await rpc(tested(node, node.cookie), 'getblockcount')).toBe(6)
    expect((await post(tested(node, 'user:password'), '{}')).status).toBe(401)
    await node.stop()
    await expect(stat(cookieFile)).rejects.toThrow('ENOENT')
    await rm(directory, { recursive: true })
  })

  test.each<[string, RegtestNodeOptions]>([
    ['nbits', { nbits: 0x217fffff }],
    ['nbits', { nbits: 0x1d00ff }],
    ['difficulty', { difficulty: 0 }],
    ['difficulty', { difficulty: 1, nbits: 0x207fffff }],
    ['coinbaseMaturity', { coinbaseMaturity: -1 }],
    ['initialBlocks', { initialBlocks: 1.5 }],
    ['rpcUser', { rpcUser: 'alone' }],
    ['clock', { clock: () => 0 }],
  ])('an impossible %s is refused by name', async (name, options) => {
    await expect(startRegtestNode(options)).rejects.toThrow(name)
  })
})

describe('difficulty', () => {
  test('blocks after the initial ones have the difficulty that was asked for', async () => {
    const node = await start({ difficulty: 1e-6 })
    const template = await rpc(tested(node), 'getblocktemplate', { rules: ['segwit'] })
    expect(targetToDifficulty(nbitsToTarget(Number.parseInt(template.bits, 16)))).toBeCloseTo(1e-6, 9)
    const [hash] = await node.generate(1)
    expect(hash! <= template.target).toBe(true)
    const easy = candidateBlock({ ...template, bits: '207fffff', previousblockhash: hash!, height: 8 })
    expect(await rpc(tested(node), 'submitblock', easy.hexdata)).toBe('bad-diffbits')
  })

  test('an impossibly easy difficulty becomes the easiest', async () => {
    const node = await start({ difficulty: 1e-12 })
    expect((await rpc(tested(node), 'getmininginfo')).next.bits).toBe('207fffff')
  })
})

describe('what tests may set', () => {
  test('a node that warms up answers every call with -28', async () => {
    const node = await start()
    node.setWarmup(true)
    await expect(rpc(tested(node), 'getblockcount')).rejects.toMatchObject({ code: -28, status: 500 })
    node.setWarmup(false)
    expect(await rpc(tested(node), 'getblockcount')).toBe(6)
  })

  test('a syncing node says so and gives no template', async () => {
    const node = await start()
    node.setInitialBlockDownload(true)
    expect((await rpc(tested(node), 'getblockchaininfo')).initialblockdownload).toBe(true)
    await expect(rpc(tested(node), 'getblocktemplate', { rules: ['segwit'] })).rejects.toMatchObject({
      code: -10,
    })
  })

  test('it names the network it is told to name', async () => {
    const node = await start()
    node.setChain('main')
    expect((await rpc(tested(node), 'getblockchaininfo')).chain).toBe('main')
    expect((await rpc(tested(node), 'getmininginfo')).chain).toBe('main')
  })

  test('the clock is the one that was injected until it is set', async () => {
    const node = await start({ clock: () => 1_800_000_000.7 })
    const time = async () => (await rpc(tested(node), 'getblocktemplate', { rules: ['segwit'] })).curtime
    expect(await time()).toBe(1_800_000_000)
    node.setClock(1_900_000_000)
    expect(await time()).toBe(1_900_000_000)
    await rpc(tested(node), 'setmocktime', 0)
    expect(await time()).toBe(1_800_000_000)
  })
})

describe('payments', () => {
  test('mix both kinds of inputs, depend on each other, and fill templates and blocks', async () => {
    const node = await start()
    expect(node.sendPayments(60)).toBe(60)
    expect(node.mempoolSize()).toBe(60)
    const entries = [...node.core.mempool.entries()]
    const versions = new Set(
      entries.flatMap((entry) => entry.coins.map((coin) => witnessProgram(coin.script)?.version)),
    )
    expect(versions).toEqual(new Set([0, 1]))
    expect(entries.some((entry) => entry.parents.size > 0)).toBe(true)
    const template = await rpc(tested(node), 'getblocktemplate', { rules: ['segwit'] })
    expect(template.transactions).toHaveLength(60)
    for (const [index, tx] of template.transactions.entries()) {
      for (const parent of tx.depends) expect(parent).toBeLessThanOrEqual(index)
    }
    expect(await rpc(tested(node), 'submitblock', candidateBlock(template).hexdata)).toBeNull()
    expect(node.mempoolSize()).toBe(0)
  })

  test('come at the rate that was asked for, and a long poll tells of them', async () => {
    const node = await start()
    const { longpollid } = await rpc(tested(node), 'getblocktemplate', { rules: ['segwit'] })
    const waiting = rpc(tested(node), 'getblocktemplate', { rules: ['segwit'], longpollid })
    node.setMempoolRate(100)
    expect((await waiting).transactions.length).toBeGreaterThan(0)
    node.setMempoolRate(0)
    expect(() => node.setMempoolRate(-1)).toThrow(RangeError)
  })

  test('a node with traffic starts with transactions waiting', async () => {
    expect((await start({ mempoolRate: 0.001 })).mempoolSize()).toBe(10)
  })

  test('keep going over many blocks', async () => {
    const node = await start()
    for (let i = 0; i < 5; i++) {
      expect(node.sendPayments(20)).toBe(20)
      await node.generate(1)
    }
    expect(node.mempoolSize()).toBe(0)
    expect(node.height()).toBe(11)
  })

  test('a second spend of the same coin is refused while the first waits', async () => {
    const node = await start()
    const coins = node.core.wallet.confirmedCoins().slice(0, 1)
    const first = node.core.wallet.pay(coins, 1, 2)
    expect(node.addTransaction(first.bytes)).toBe(first.id)
    expect(() => node.addTransaction(node.core.wallet.pay(coins, 1, 50).bytes)).toThrow(
      'txn-mempool-conflict',
    )
  })

  test('a block with a rival removes the loser and what depends on it', async () => {
    const [a, b] = [await start(), await start()]
    const coins = a.core.wallet.confirmedCoins().slice(0, 1)
    const loser = a.core.wallet.pay(coins, 1, 2)
    a.addTransaction(loser.bytes)
    a.addTransaction(a.core.wallet.pay(a.core.wallet.unconfirmedCoins(), 1, 2).bytes)
    b.addTransaction(b.core.wallet.pay(coins, 2, 3).bytes)
    const [hash] = await b.generate(1)
    expect(a.submitBlock(b.block(hash!)!)).toBeNull()
    expect(a.mempoolSize()).toBe(0)
  })
})

describe('reorganisations', () => {
  test('replace the last blocks by more empty ones and bring their transactions back', async () => {
    const node = await start()
    node.sendPayments(5)
    const [first] = await node.generate(2)
    const seen: number[] = []
    node.onBlock(({ height }) => seen.push(height))
    const hashes = await node.reorg(2)
    expect(node.height()).toBe(9)
    expect(node.bestHash()).toBe(hashes[2])
    expect(seen).toEqual([7, 8, 9])
    expect(node.mempoolSize()).toBe(5)
    expect(parseBlock(node.block(first!)!).transactions).toHaveLength(6)
    await node.generate(1)
    expect(node.mempoolSize()).toBe(0)
    await expect(node.reorg(100)).rejects.toThrow(RangeError)
  })

  test('a coin of a removed reward takes its spends with it', async () => {
    const node = await start()
    const [young] = await node.generate(1)
    const reward = txid(parseBlock(node.block(young!)!).transactions[0]!)
    await node.generate(2)
    const coin = node.core.wallet.confirmedCoins().find(({ key }) => key.startsWith(hex(reward.reverse())))
    node.addTransaction(node.core.wallet.pay([coin!], 1, 2).bytes)
    node.invalidate(young!)
    expect(node.height()).toBe(6)
    expect(node.mempoolSize()).toBe(0)
  })

  test('a chain with more work but a bad block does not stay', async () => {
    const node = await start()
    const base = await rpc(tested(node), 'getblocktemplate', { rules: ['segwit'] })
    await node.generate(1)
    const tip = node.bestHash()
    const greedy = candidateBlock(base, { value: 9_000_000_000n })
    expect(await rpc(tested(node), 'submitblock', greedy.hexdata)).toBe('inconclusive')
    const above = candidateBlock({ ...base, previousblockhash: greedy.hash, height: base.height + 1 })
    await rpc(tested(node), 'submitblock', above.hexdata)
    expect(node.bestHash()).toBe(tip)
    const higher = candidateBlock({ ...base, previousblockhash: above.hash, height: base.height + 2 })
    expect(await rpc(tested(node), 'submitblock', higher.hexdata)).toBe('bad-prevblk')
    const tips = await rpc(tested(node), 'getchaintips')
    expect(tips).toMatchObject([
      { status: 'invalid', branchlen: 2 },
      { status: 'active', hash: tip },
    ])
  })
})

describe('peers', () => {
  test('get what the other has and everything new, until they part', async () => {
    const [a, b] = [await start(), await start()]
    await a.generate(2)
    a.sendPayments(3)
    const disconnect = connectNodes(a, b)
    expect(b.bestHash()).toBe(a.bestHash())
    expect(b.mempoolSize()).toBe(3)
    expect((await rpc(tested(b), 'getnetworkinfo')).connections).toBe(1)
    await b.generate(1)
    expect(a.bestHash()).toBe(b.bestHash())
    expect(a.mempoolSize()).toBe(0)
    disconnect()
    await a.generate(1)
    expect(b.height()).toBe(9)
    await b.generate(2)
    connectNodes(a, b)
    expect(a.bestHash()).toBe(b.bestHash())
    expect(a.height()).toBe(11)
  })

  test('of different rules are refused', async () => {
    const [a, b] = [await start(), await start({ coinbaseMaturity: 3 })]
    expect(() => connectNodes(a, b)).toThrow(RangeError)
  })
})

test('JSON-RPC 2.0 calls are answered in kind, notifications not at all', async () => {
  const node = await start()
  const ok = await post(tested(node), JSON.stringify({ jsonrpc: '2.0', id: 'a', method: 'getblockcount' }))
  expect(await ok.json()).toEqual({ jsonrpc: '2.0', id: 'a', result: 6 })
  const bad = await post(tested(node), JSON.stringify({ jsonrpc: '2.0', id: 'a', method: 'nosuch' }))
  expect(bad.status).toBe(200)
  expect(await bad.json()).toMatchObject({ jsonrpc: '2.0', id: 'a', error: { code: -32601 } })
  expect((await post(tested(node), JSON.stringify({ jsonrpc: '2.0', method: 'getblockcount' }))).status).toBe(
    204,
  )
})

test('a block whose time is long after its parent may be easy, and then must be, as on testnets', async () => {
  const node = await start({ initialBlocks: 1, difficulty: 1e-8, minDifficultyAfterSec: 1_200 })
  const { ntime } = node.core.chain.tip.block.header
  const bits = async () => (await rpc(tested(node), 'getblocktemplate', { rules: ['segwit'] })).bits
  node.setClock(ntime + 1_200)
  const hard = await bits()
  node.setClock(ntime + 1_201)
  expect(await bits()).toBe('207fffff')
  const next = (await rpc(tested(node), 'getmininginfo')).next.bits
  expect([hard, next]).toEqual([expect.not.stringMatching('207fffff'), '207fffff'])
  await node.generate(2)
  expect(node.core.chain.at(2)!.block.header.nbits.toString(16)).toBe('207fffff')
  expect(node.core.chain.at(3)!.block.header.nbits.toString(16)).toBe(hard)
})

test('a node that stops ends its long polls', async () => {
  const node = await start()
  const { longpollid } = await rpc(tested(node), 'getblocktemplate', { rules: ['segwit'] })
  const waiting = rpc(tested(node), 'getblocktemplate', { rules: ['segwit'], longpollid }).catch(
    (error: unknown) => error,
  )
  await rpc(tested(node), 'getblockcount')
  await node.stop()
  await waiting
  await expect(fetch(node.url)).rejects.toThrow()
})
