import {
  assembleBlock,
  blockSubsidy,
  buildCoinbase,
  concatBytes,
  displayHash,
  encodeHeader,
  encodeHeightPush,
  hex,
  sha256d,
} from '@sv2/bitcoin'
import type { JournalRecord } from '@sv2/journal'
import { Ledger } from '@sv2/roles/ledger'
import { type NodeRpc, NodeRpcError } from '@sv2/runtime'
import { describe, expect, test } from 'vitest'
import { ChainWatch } from './chain-watch.ts'

const POOL_SCRIPT = Uint8Array.of(0x51)
const NOW = 1_800_000_000_000

/** A block of one transaction, which pays a script. */
function blockAt(height: number, script: Uint8Array, text: string) {
  const { prefix, suffix } = buildCoinbase({
    version: 2,
    scriptSigPrefix: concatBytes(encodeHeightPush(height), new TextEncoder().encode(text)),
    extranonceSize: 0,
    sequence: 0,
    outputs: [{ value: blockSubsidy(height, 'regtest'), script }],
    locktime: 0,
  })
  const coinbase = concatBytes(prefix, suffix)
  const header = encodeHeader({
    version: 4,
    prevHash: new Uint8Array(32),
    merkleRoot: sha256d(coinbase),
    ntime: NOW / 1000 - 1000 + height,
    nbits: 0x207fffff,
    nonce: 0,
  })
  return {
    header,
    coinbase,
    height,
    hash: displayHash(sha256d(header)),
    bytes: assembleBlock(header, [coinbase]),
  }
}

type TestBlock = ReturnType<typeof blockAt>

/** A node with a chain that tests write. */
class TestNode implements NodeRpc {
  readonly url = 'http://node.test'
  chain: TestBlock[] = []
  isAway = false
  /** Headers that it has no block for. */
  behind = 0

  async call(method: string, [parameter]: readonly unknown[]): Promise<unknown> {
    if (this.isAway) throw new NodeRpcError('away', { code: undefined, cause: undefined })
    const at = this.chain.findIndex(({ hash }) => hash === parameter)
    if (method === 'getblockchaininfo')
      return { blocks: this.chain.length - 1, headers: this.chain.length - 1 + this.behind }
    if (method === 'getblockhash') return this.chain[parameter as number]!.hash
    if (at === -1) throw new NodeRpcError('Block not found', { code: -5, cause: undefined })
    return method === 'getblock' ? hex(this.chain[at]!.bytes) : { confirmations: this.chain.length - at }
  }
}

function aWatch() {
  const node = new TestNode()
  const ledger = new Ledger({
    network: 'regtest',
    scheme: { scheme: 'pplns', window: 1n << 40n },
    feePpm: 0n,
    poolScript: POOL_SCRIPT,
    dustLimit: 0,
    maxPayouts: 10,
    refreshMs: 1000,
    confirmations: 3,
  })
  const settings = { nodes: [node], poolScript: POOL_SCRIPT, tag: '/t/', confirmations: 3 }
  const watch = new ChainWatch(settings, ledger)
  let sequence = 0
  const write = (record: JournalRecord) => ledger.handle({ node: 0, entry: { sequence: sequence++, record } })
  const look = async () => {
    const { records, isAway } = await watch.look(NOW)
    for (const record of records) write(record)
    return isAway
      ? 'away'
      : records.map((record) => (record.kind === 'chain' ? record.confirmations : record.kind))
  }
  const found = ({ hash, height, header, coinbase }: TestBlock) => {
    write({ kind: 'tip', time: NOW, height, prevHash: new Uint8Array(32), nbits: 0x207fffff })
    write({
      kind: 'block',
      time: NOW,
      height,
      hash: sha256d(header),
      account: 0,
      worker: 0,
      distributionId: 0n,
      coinbase,
      header,
      source: 'share',
    })
    return hash
  }
  const others = (from: number, count: number) =>
    Array.from({ length: count }, (_, n) => blockAt(from + n, Uint8Array.of(0x52, from), 'x'))
  const states = () => ledger.blocks().map(({ state, confirmations }) => `${state} ${confirmations}`)
  return { node, ledger, look, found, others, states }
}

describe('a look at the chain', () => {
  test('counts the blocks on a block of ours, until it is enough', async () => {
    const { node, look, found, others, states } = aWatch()
    node.chain = others(0, 5)
    const ours = blockAt(5, POOL_SCRIPT, '/t/')
    found(ours)
    expect(await look()).toEqual([])
    node.chain.push(ours)
    expect(await look()).toEqual([1])
    node.chain.push(...others(6, 1))
    expect(await look()).toEqual([2])
    node.chain.push(...others(7, 5))
    expect(await look()).toEqual([3])
    expect(await look()).toEqual([])
    expect(states()).toEqual(['confirmed 3'])
  })

  test('finds an orphan, and that it came back', async () => {
    const { node, look, found, others, states } = aWatch()
    const ours = blockAt(5, POOL_SCRIPT, '/t/')
    node.chain = [...others(0, 5), ours]
    found(ours)
    await look()
    node.chain = others(0, 7)
    expect(await look()).toEqual([0])
    expect(await look()).toEqual([])
    expect(states()).toEqual(['orphaned 0'])
    node.chain = [...others(0, 5), ours, ...others(20, 4)]
    expect(await look()).toEqual([3])
    expect(states()).toEqual(['confirmed 3'])
  })

  test('a block that the node never had is an orphan once others stand at its height', async () => {
    const { node, look, found, others, states } = aWatch()
    node.chain = others(0, 6)
    found(blockAt(5, POOL_SCRIPT, '/t/'))
    expect(await look()).toEqual([])
    node.chain.push(...others(6, 1))
    expect(await look()).toEqual([0])
    expect(states()).toEqual(['orphaned 0'])
  })

  test('finds blocks of ours that no record tells of, and no others', async () => {
    const { node, look, others, ledger } = aWatch()
    const lost = blockAt(2, POOL_SCRIPT, 'abc/t/')
    const ofAnother = blockAt(3, POOL_SCRIPT, 'elsewhere')
    node.chain = [...others(0, 2), lost, ofAnother, ...others(4, 2)]
    expect(await look()).toEqual(['block'])
    expect(await look()).toEqual([3])
    expect(ledger.blocks().map(({ booking }) => booking.hash)).toEqual([lost.hash])
    expect(ledger.blocks()[0]?.booking).toMatchObject({ height: 2, finder: undefined })
  })

  test('goes through many blocks ten at a time', async () => {
    const { node, look, others } = aWatch()
    const ours = [15, 25].map((height) => blockAt(height, POOL_SCRIPT, '/t/'))
    node.chain = others(0, 30)
    for (const block of ours) node.chain[block.height] = block
    expect(await look()).toEqual([])
    expect(await look()).toEqual(['block'])
    expect(await look()).toEqual([3, 'block'])
  })

  test('says when no node answers', async () => {
    const { node, look } = aWatch()
    node.isAway = true
    expect(await look()).toBe('away')
  })
})

test('a node that has headers of blocks it lacks is told of', async () => {
  const { node, ledger } = aWatch()
  const watch = new ChainWatch(
    { nodes: [node], poolScript: POOL_SCRIPT, tag: '/t/', confirmations: 6 },
    ledger,
  )
  const { others } = aWatch()
  node.chain = others(0, 2)
  node.behind = 3
  expect((await watch.look(NOW)).behind).toBe(3)
  node.behind = 0
  expect((await watch.look(NOW)).behind).toBe(0)
})
