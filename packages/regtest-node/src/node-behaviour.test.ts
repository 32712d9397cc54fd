import { existsSync } from 'node:fs'
import { encodeTransaction, parseTransaction, unhex } from '@sv2/bitcoin'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startBitcoind } from './_bitcoind.ts'
import { candidateBlock, type TemplateJson, type Twist } from './_candidate-block.ts'
import { post, RpcFailure, rpc, type TestedNode } from './_rpc-client.ts'
import { outpointKey } from './loaded-transaction.ts'
import { type SpendableCoin, signTransaction } from './sign-transaction.ts'
import { startRegtestNode } from './start-regtest-node.ts'
import { walletKeys } from './wallet-keys.ts'

async function startEmbedded(): Promise<TestedNode> {
  const node = await startRegtestNode({ initialBlocks: 0, longPollDelayMs: 50 })
  return { url: node.url, login: node.cookie, stop: () => node.stop() }
}

const bitcoind = process.env.BITCOIND ?? ''
const whyNot =
  bitcoind === ''
    ? 'a real bitcoind (skipped: set BITCOIND=/path/to/bitcoind to run the same tests against it)'
    : `a real bitcoind (skipped: BITCOIND=${bitcoind} does not exist)`

if (!existsSync(bitcoind)) describe.skip(whyNot, () => test('behaves the same', () => expect.unreachable()))

const nodes: readonly (readonly [string, () => Promise<TestedNode>])[] = [
  ['the embedded node', startEmbedded],
  ...(existsSync(bitcoind) ? [['a real bitcoind', () => startBitcoind(bitcoind)] as const] : []),
]

const [witnessKey, taprootKey] = walletKeys('behaviour', 2) as [
  ReturnType<typeof walletKeys>[number],
  ReturnType<typeof walletKeys>[number],
]

describe.each(nodes)('%s', (_, start) => {
  let node: TestedNode
  const call = (method: string, ...params: unknown[]) => rpc(node, method, ...params)
  let skippedSeconds = 0

  /** A template that knows the mempool: a real node looks at that again only when five seconds have passed. */
  // The result's shape is what each test asserts.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  const template = async (): Promise<TemplateJson & Record<string, any>> => {
    skippedSeconds += 10
    await call('setmocktime', Math.floor(Date.now() / 1000) + skippedSeconds)
    return call('getblocktemplate', { rules: ['segwit'] })
  }
  const submit = async (twist?: Twist): Promise<string | null> =>
    call('submitblock', candidateBlock(await template(), twist).hexdata)

  /** The reward of a block that was mined to one of the two keys. */
  const rewardOf = async (height: number, owner: typeof witnessKey): Promise<SpendableCoin> => {
    const block = await call('getblock', await call('getblockhash', height), 2)
    const coin = {
      value: BigInt(Math.round(block.tx[0].vout[0].value * 1e8)),
      script: owner.script,
      height,
      coinbase: true,
    }
    return { key: outpointKey(block.tx[0].txid, 0), coin, owner }
  }

  const refusal = async (raw: Uint8Array): Promise<unknown> => {
    try {
      return await call('sendrawtransaction', Buffer.from(raw).toString('hex'))
    } catch (error) {
      return error
    }
  }

  beforeAll(async () => {
    node = await start()
    await call('generatetoaddress', 3, witnessKey.address)
    await call('generatetoaddress', 3, taprootKey.address)
    await call('generatetoaddress', 100, walletKeys('elsewhere', 1)[0]!.address)
  }, 60_000)

  afterAll(() => node?.stop())

  test('a caller without the right login is turned away with 401', async () => {
    expect((await post({ ...node, login: 'a:b' }, '{}')).status).toBe(401)
    expect((await fetch(node.url, { method: 'POST', body: '{}' })).status).toBe(401)
  })

  test('calls it cannot answer get the error codes of Bitcoin Core', async () => {
    await expect(call('nosuchmethod')).rejects.toMatchObject({ code: -32601, status: 404 })
    await expect(call('getblockhash', 1_000_000)).rejects.toMatchObject({ code: -8 })
    await expect(call('getblock', '00'.repeat(32))).rejects.toMatchObject({ code: -5 })
    await expect(call('getblock', 'abc')).rejects.toMatchObject({ code: -8 })
    await expect(call('getblockhash', 'one')).rejects.toMatchObject({ code: -3 })
    await expect(call('submitblock', 'zz')).rejects.toMatchObject({ code: -22 })
    const nonsense = await post(node, 'nonsense')
    expect(nonsense.status).toBe(500)
    expect(nonsense.headers.get('content-type')).toBe('application/json')
    expect(await nonsense.json()).toMatchObject({ error: { code: -32700 } })
  })

  test('a batch is answered in order, errors among results', async () => {
    const calls = ['getblockcount', 'nosuchmethod', 'getbestblockhash'].map((method, id) => ({
      id,
      method,
      params: [],
    }))
    const response = await post(node, JSON.stringify(calls))
    expect(response.status).toBe(200)
    const answers = (await response.json()) as {
      id: number
      result: unknown
      error: { code: number } | null
    }[]
    expect(answers.map(({ id }) => id)).toEqual([0, 1, 2])
    expect(answers[1]!.error?.code).toBe(-32601)
    expect(answers[2]!.result).toBe(await call('getbestblockhash'))
  })

  test('parameters may be named', async () => {
    const body = JSON.stringify({ id: 1, method: 'getblockhash', params: { height: 0 } })
    const answer = (await (await post(node, body)).json()) as { result: string }
    expect(answer.result).toBe('0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206')
  })

  test('it says which chain it is on and how far it has come', async () => {
    const info = await call('getblockchaininfo')
    expect(info).toMatchObject({ chain: 'regtest', blocks: await call('getblockcount') })
    expect(info.bestblockhash).toBe(await call('getbestblockhash'))
    const header = await call('getblockheader', info.bestblockhash)
    expect(header).toMatchObject({
      height: info.blocks,
      bits: '207fffff',
      confirmations: 1,
      mediantime: info.mediantime,
    })
    expect(await call('getblockheader', info.bestblockhash, false)).toHaveLength(160)
    expect(await call('getmininginfo')).toMatchObject({ blocks: info.blocks, chain: 'regtest' })
  })

  test('addresses are judged', async () => {
    expect(await call('validateaddress', witnessKey.address)).toMatchObject({
      isvalid: true,
      iswitness: true,
      witness_version: 0,
      isscript: false,
    })
    expect(await call('validateaddress', taprootKey.address)).toMatchObject({
      isvalid: true,
      witness_version: 1,
    })
    expect(await call('validateaddress', 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4')).toMatchObject({
      isvalid: false,
    })
  })

  describe('templates', () => {
    test('without the segwit rule there is none', async () => {
      await expect(call('getblocktemplate')).rejects.toMatchObject({ code: -1 })
      await expect(call('getblocktemplate', { rules: [] })).rejects.toMatchObject({ code: -8 })
      await expect(call('getblocktemplate', { mode: 'nonsense' })).rejects.toMatchObject({ code: -8 })
    })

    test('a template has the fields of BIP 22, 23 and 145', async () => {
      const answer = await call('getblocktemplate', { rules: ['segwit'] })
      const tip = await call('getblockheader', await call('getbestblockhash'))
      expect(answer).toMatchObject({
        previousblockhash: tip.hash,
        height: tip.height + 1,
        bits: '207fffff',
        target: `7fffff${'0'.repeat(58)}`,
        mintime: tip.mediantime + 1,
        noncerange: '00000000ffffffff',
        sigoplimit: 80000,
        sizelimit: 4000000,
        weightlimit: 4000000,
        capabilities: ['proposal'],
        transactions: [],
        coinbasevalue: 5_000_000_000,
      })
      expect(answer.rules).toContain('!segwit')
      expect(answer.mutable).toEqual(['time', 'transactions', 'prevblock'])
      expect(answer.default_witness_commitment).toMatch(/^6a24aa21a9ed[0-9a-f]{64}$/)
      expect(answer.longpollid.startsWith(tip.hash)).toBe(true)
    })

    test('a long poll is answered when a new block arrives', async () => {
      const { longpollid } = await call('getblocktemplate', { rules: ['segwit'] })
      const waiting = call('getblocktemplate', { rules: ['segwit'], longpollid })
      await submit({ extranonce: 900 })
      expect((await waiting).previousblockhash).toBe(await call('getbestblockhash'))
    })

    test('a proposed block is judged without its proof of work', async () => {
      const data = candidateBlock(await template(), { missTarget: true }).hexdata
      expect(await call('getblocktemplate', { mode: 'proposal', data, rules: ['segwit'] })).toBeNull()
      const greedy = candidateBlock(await template(), { value: 5_000_000_001n }).hexdata
      expect(await call('getblocktemplate', { mode: 'proposal', data: greedy })).toBe('bad-cb-amount')
      const elsewhere = candidateBlock({
        ...(await template()),
        previousblockhash: await call('getblockhash', 1),
      }).hexdata
      expect(await call('getblocktemplate', { mode: 'proposal', data: elsewhere })).toBe(
        'inconclusive-not-best-prevblk',
      )
      await expect(call('getblocktemplate', { mode: 'proposal' })).rejects.toMatchObject({ code: -3 })
      await expect(call('getblocktemplate', { mode: 'proposal', data: '00' })).rejects.toMatchObject({
        code: -22,
      })
    })
  })

  describe('submitted blocks', () => {
    test('an honest block becomes the tip, and is a duplicate the second time', async () => {
      const { hexdata, hash } = candidateBlock(await template())
      expect(await call('submitblock', hexdata)).toBeNull()
      expect(await call('getbestblockhash')).toBe(hash)
      expect(await call('getblock', hash, 0)).toBe(hexdata)
      expect(await call('submitblock', hexdata)).toBe('duplicate')
    })

    test('a missing witness reserved value is filled in', async () => {
      expect(await submit({ bareCoinbase: true })).toBeNull()
    })

    const unknownInput = unhex(
      `0200000001${'77'.repeat(32)}0000000000ffffffff01e803000000000000160014${'11'.repeat(20)}00000000`,
    )
    const heavy = encodeTransaction({
      ...parseTransaction(unknownInput),
      inputs: [
        {
          ...parseTransaction(unknownInput).inputs[0]!,
          witness: [new Uint8Array(64), new Uint8Array(4_000_000)],
        },
      ],
    })

    test.each<[string, Twist]>([
      ['high-hash', { missTarget: true }],
      ['bad-txnmrklroot', { header: { merkleRoot: new Uint8Array(32) } }],
      ['bad-txns-duplicate', { transactions: [unknownInput, unknownInput, unknownInput] }],
      ['prev-blk-not-found', { header: { prevHash: new Uint8Array(32).fill(7) } }],
      ['bad-diffbits', { header: { nbits: 0x1f7fffff } }],
      ['time-too-old', { header: { ntime: 1_296_688_602 } }],
      ['time-too-new', { header: { ntime: Math.floor(Date.now() / 1000) + 3 * 3600 } }],
      ['bad-version(0x00000003)', { header: { version: 3 } }],
      ['bad-cb-height', { height: 1 }],
      ['bad-cb-amount', { value: 5_000_000_001n }],
      ['bad-txns-vout-toolarge', { value: 2_100_000_000_000_001n }],
      ['bad-witness-merkle-match', { commitment: 'wrong' }],
      ['unexpected-witness', { commitment: 'none' }],
      ['bad-txns-inputs-missingorspent', { transactions: [unknownInput] }],
      ['bad-blk-sigops', { extraOutputs: [{ value: 0n, script: new Uint8Array(20_001).fill(0xac) }] }],
      ['bad-blk-length', { extraOutputs: [{ value: 0n, script: new Uint8Array(1_000_000) }] }],
      ['bad-blk-weight', { transactions: [heavy] }],
    ])('%s', async (reason, twist) => {
      const tip = await call('getbestblockhash')
      expect(await submit({ extranonce: 77, ...twist })).toBe(reason)
      expect(await call('getbestblockhash')).toBe(tip)
    })

    test('a refused block stays refused', async () => {
      const { hexdata } = candidateBlock(await template(), { value: 5_000_000_002n })
      expect(await call('submitblock', hexdata)).toBe('bad-cb-amount')
      expect(await call('submitblock', hexdata)).toBe('duplicate-invalid')
    })

    test('a block beside the tip is inconclusive, and two on top of it win', async () => {
      const base = await template()
      expect(await submit({ extranonce: 1 })).toBeNull()
      const side = candidateBlock(base, { extranonce: 2 })
      expect(await call('submitblock', side.hexdata)).toBe('inconclusive')
      expect(await call('getbestblockhash')).not.toBe(side.hash)
      const next = { ...(await template()), previousblockhash: side.hash, height: base.height + 1 }
      const winner = candidateBlock(next, { extranonce: 3 })
      expect(await call('submitblock', winner.hexdata)).toBeNull()
      expect(await call('getbestblockhash')).toBe(winner.hash)
      expect(await call('getblockheader', side.hash)).toMatchObject({ confirmations: 2 })
    })
  })

  describe('transactions', () => {
    test('P2WPKH, P2TR and dependent spends wait, enter the template and are mined', async () => {
      const reward = await rewardOf(1, witnessKey)
      const first = signTransaction(
        [reward],
        [{ value: reward.coin.value - 10_000n, script: taprootKey.script }],
      )
      expect(await call('testmempoolaccept', [Buffer.from(first.bytes).toString('hex')])).toMatchObject([
        { allowed: true },
      ])
      expect(await refusal(first.bytes)).toBe(first.id)
      const output = { ...first.tx.outputs[0]!, height: 0, coinbase: false }
      const second = signTransaction(
        [{ key: outpointKey(first.id, 0), coin: output, owner: taprootKey }],
        [{ value: output.value - 20_000n, script: witnessKey.script }],
      )
      expect(await refusal(second.bytes)).toBe(second.id)
      expect((await call('getrawmempool')).sort()).toEqual([first.id, second.id].sort())
      expect(await call('getrawtransaction', first.id)).toBe(Buffer.from(first.bytes).toString('hex'))
      const offered = await template()
      expect(offered.transactions).toMatchObject([
        { txid: first.id, hash: first.witnessId, depends: [], fee: 10_000, sigops: 1, weight: first.weight },
        { txid: second.id, depends: [1], fee: 20_000, sigops: 0, weight: second.weight },
      ])
      expect(offered.coinbasevalue).toBe(5_000_030_000)
      const block = candidateBlock(offered)
      expect(await call('submitblock', block.hexdata)).toBeNull()
      expect(await call('getrawmempool')).toEqual([])
      expect((await call('getblock', block.hash)).tx).toContain(second.id)
      expect(await refusal(second.bytes)).toMatchObject({ code: -27 })
    })

    test('a wrong signature is refused, in either kind', async () => {
      for (const [height, owner] of [
        [2, witnessKey],
        [4, taprootKey],
      ] as const) {
        const reward = await rewardOf(height, owner)
        const good = signTransaction([reward], [{ value: reward.coin.value - 10_000n, script: owner.script }])
        const tampered = {
          ...good.tx,
          outputs: [{ value: reward.coin.value - 11_000n, script: owner.script }],
        }
        const answer = await refusal(encodeTransaction(tampered))
        expect(answer).toBeInstanceOf(RpcFailure)
        expect(answer).toMatchObject({
          code: -26,
          message: expect.stringMatching(/script-verify-flag-failed/),
        })
      }
    })

    test('spends that are unknown, immature, too generous or too cheap are refused', async () => {
      const reward = await rewardOf(2, witnessKey)
      const spend = (value: bigint, from = reward) =>
        signTransaction([from], [{ value, script: witnessKey.script }]).bytes
      expect(await refusal(spend(reward.coin.value))).toMatchObject({ code: -26 })
      const inflated = { ...reward, coin: { ...reward.coin, value: reward.coin.value + 1n } }
      expect(await refusal(spend(reward.coin.value + 1n, inflated))).toMatchObject({
        code: -26,
        message: expect.stringMatching(/^bad-txns-in-belowout/),
      })
      const unknown = { ...reward, key: outpointKey('ab'.repeat(32), 0) }
      expect(await refusal(spend(1_000_000n, unknown))).toMatchObject({ code: -25 })
      const [young] = await call('generatetoaddress', 1, witnessKey.address)
      const immature = await rewardOf((await call('getblockheader', young)).height, witnessKey)
      expect(await refusal(spend(1_000_000n, immature))).toMatchObject({
        code: -26,
        message: expect.stringMatching(/^bad-txns-premature-spend-of-coinbase/),
      })
      expect(await refusal(unhex('00'))).toMatchObject({ code: -22 })
    })

    test('a transaction of a block that a reorganisation removes waits again', async () => {
      const reward = await rewardOf(3, witnessKey)
      const payment = signTransaction(
        [reward],
        [{ value: reward.coin.value - 10_000n, script: witnessKey.script }],
      )
      await refusal(payment.bytes)
      const block = candidateBlock(await template())
      expect(await call('submitblock', block.hexdata)).toBeNull()
      expect(await call('getrawmempool')).toEqual([])
      await call('invalidateblock', block.hash)
      expect(await call('getrawmempool')).toEqual([payment.id])
      expect(await call('submitblock', block.hexdata)).toBe('duplicate-invalid')
      await call('reconsiderblock', block.hash)
      expect(await call('getbestblockhash')).toBe(block.hash)
      expect(await call('getrawmempool')).toEqual([])
    })
  })
})
