import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { createLogger, createRegistry, Scope } from '@sv2/app-kit'
import {
  addCoinbaseWitness,
  addressToScript,
  buildCoinbase,
  concatBytes,
  encodeHeader,
  encodeHeightPush,
  encodeOutput,
  meetsTarget,
  merklePath,
  merkleRootFromPath,
  nbitsToTarget,
  parseCountedOutputs,
  sha256,
  sha256d,
  sipHash24,
  sipHashKey,
  witnessCommitmentScript,
  witnessMerkleRoot,
} from '@sv2/bitcoin'
import { negotiatorServer } from '@sv2/job-negotiator/server'
import type { DeclareMiningJob, PushSolution } from '@sv2/messages'
import { pool } from '@sv2/pool'
import { type RegtestNode, startRegtestNode } from '@sv2/regtest-node'
import { systemClock } from '@sv2/runtime'
import { afterEach, expect, test } from 'vitest'
import { setupConnection, TestClient } from './test-client.ts'

const ADDRESS = 'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202'
const PAYOUT = addressToScript(ADDRESS, 'regtest')
const NOTHING = new Uint8Array(0)

const scopes: Scope[] = []
afterEach(async () => {
  for (const scope of scopes.splice(0)) {
    await scope.close((name, error) => {
      throw new Error(`closing ${name}`, { cause: error })
    })
  }
})

/** A node of its own for a server that is started on it in this process. */
async function aNode() {
  const scope = new Scope()
  scopes.push(scope)
  const dataDir = mkdtempSync(join(tmpdir(), 'sv2-e2e-'))
  scope.own('data folder', () => rmSync(dataDir, { recursive: true, force: true }))
  const cookieFile = join(dataDir, '.cookie')
  const node = await startRegtestNode({ cookieFile, initialBlocks: 120, longPollDelayMs: 600_000 })
  scope.own('node', () => node.stop())
  const output = new PassThrough()
  const hasTip = new Promise<void>((resolve) => {
    output.on('data', (chunk: Buffer) => {
      if (chunk.toString().includes('"new tip"')) resolve()
    })
  })
  return {
    node,
    hasTip,
    /** What every configuration of a server has; the mempool is looked at once a minute. */
    config: {
      transactions: { interval_sec: 60 },
      nodes: [{ url: node.url, cookie_file: cookieFile }],
      listen: [{ host: '127.0.0.1', port: 0, edition: 'auto' }],
    },
    common: {
      data_dir: join(dataDir, 'server'),
      payout: { address: ADDRESS },
      monitoring: { port: 0 },
    },
    context: {
      log: createLogger('server', { level: 'info', format: 'json' }, output),
      registry: createRegistry('server'),
      scope,
      clock: systemClock,
    },
  }
}

async function aServer(): Promise<{ readonly node: RegtestNode; readonly urls: readonly string[] }> {
  const { node, hasTip, config, common, context } = await aNode()
  const { urls } = await negotiatorServer.start(
    negotiatorServer.schema.parse({ ...common, ...config }),
    context,
  )
  await hasTip
  return { node, urls }
}

/** What a miner would make of the node's template, before any transaction of it is known to the server. */
function aBlock(node: RegtestNode) {
  expect(node.sendPayments(3)).toBe(3)
  const template = node.core.template()
  const transactions = template.transactions.map(({ loaded }) => loaded)
  const ids = transactions.map(({ bytes, id, witnessId }) => ({
    data: bytes,
    txid: Buffer.from(id, 'hex').reverse(),
    wtxid: Buffer.from(witnessId, 'hex').reverse(),
  }))
  const commitment = {
    value: 0n,
    script: witnessCommitmentScript(witnessMerkleRoot(ids.map(({ wtxid }) => wtxid))),
  }
  return { template, ids, commitment }
}

/** Solves the block as the pool would have it mined. */
function solve(block: ReturnType<typeof aBlock>): PushSolution {
  const { template, ids } = block
  const cut = coinbaseOf(block)
  const extranonce = new Uint8Array(16).fill(3)
  const header = {
    version: template.version,
    prevHash: template.parent.block.hash,
    merkleRoot: merkleRootFromPath(
      sha256d(concatBytes(cut.prefix, extranonce, cut.suffix)),
      merklePath(ids.map(({ txid }) => txid)),
    ),
    ntime: template.time,
    nbits: template.nbits,
  }
  const target = nbitsToTarget(template.nbits)
  let nonce = 0
  while (!meetsTarget(sha256d(encodeHeader({ ...header, nonce })), target)) nonce++
  const { version, prevHash, ntime, nbits } = header
  return { type: 'PushSolution', extranonce, prevHash, nonce, ntime, nbits, version }
}

function coinbaseOf({ template, commitment }: ReturnType<typeof aBlock>) {
  return buildCoinbase({
    version: 2,
    scriptSigPrefix: encodeHeightPush(template.height),
    extranonceSize: 16,
    sequence: 0xffff_fffe,
    outputs: [{ value: template.coinbaseValue, script: PAYOUT }, commitment],
    locktime: template.height - 1,
  })
}

/** How many transactions the next block of the node has. */
function nextBlock(node: RegtestNode): Promise<number> {
  return new Promise((resolve) => node.onBlock(({ transactions }) => resolve(transactions)))
}

function declarationOf(block: ReturnType<typeof aBlock>, miningJobToken: Uint8Array): DeclareMiningJob {
  const cut = coinbaseOf(block)
  const full = addCoinbaseWitness(cut.prefix, cut.suffix)
  return {
    type: 'DeclareMiningJob',
    requestId: 5,
    miningJobToken,
    version: block.template.version,
    coinbaseTxPrefix: full.prefix,
    coinbaseTxSuffix: full.suffix,
    wtxidList: block.ids.map(({ wtxid }) => wtxid),
    excessData: NOTHING,
  }
}

async function aClient(
  url: string | undefined,
  flags = 1,
): Promise<{ client: TestClient; token: Uint8Array }> {
  const client = await TestClient.connect({ url: url!, protocol: 'negotiation' })
  client.send(setupConnection({ protocol: 1, flags }))
  await client.next('SetupConnection.Success')
  client.send({ type: 'AllocateMiningJobToken', userIdentifier: 'alice.rig', requestId: 1 })
  const { miningJobToken } = await client.next('AllocateMiningJobToken.Success')
  return { client, token: miningJobToken }
}

test('JDS-05, JDS-08 (current): a declared job with unknown transactions is accepted, and its solution becomes a block', async () => {
  const { node, urls } = await aServer()
  const { client, token } = await aClient(urls[0])
  const block = aBlock(node)
  client.send(declarationOf(block, token))
  const { unknownTxPositionList } = await client.next('ProvideMissingTransactions')
  expect(unknownTxPositionList).toEqual([0, 1, 2])
  const transactionList = block.ids.map(({ data }) => data)
  client.send({ type: 'ProvideMissingTransactions.Success', requestId: 5, transactionList })
  expect(await client.next('DeclareMiningJob.Success')).toMatchObject({ requestId: 5 })

  const found = nextBlock(node)
  client.send(solve(block))
  expect(await found).toBe(4)
  client.end()
})

test('a block of a job that was accepted before a restart of the server is not lost', async () => {
  const { node, hasTip, config, common, context } = await aNode()
  const run = async () => {
    const scope = new Scope()
    const running = await negotiatorServer.start(negotiatorServer.schema.parse({ ...common, ...config }), {
      ...context,
      registry: createRegistry('server'),
      scope,
    })
    return { url: running.urls[0], end: () => scope.close((name) => expect(name).toBe('')) }
  }
  const first = await run()
  await hasTip
  const { client, token } = await aClient(first.url)
  const block = aBlock(node)
  client.send(declarationOf(block, token))
  await client.next('ProvideMissingTransactions')
  const transactionList = block.ids.map(({ data }) => data)
  client.send({ type: 'ProvideMissingTransactions.Success', requestId: 5, transactionList })
  await client.next('DeclareMiningJob.Success')
  client.end()
  await first.end()

  const second = await run()
  const found = nextBlock(node)
  const { client: pool } = await aClient(second.url)
  pool.send(solve(block))
  expect(await found).toBe(4)
  pool.end()
  await second.end()
})

test('JNS-09, JNS-12 (draft): a committed job with unknown transactions is accepted, and its solution comes over another link', async () => {
  const { node, urls } = await aServer()
  const { client, token } = await aClient(urls[1], 0)
  const block = aBlock(node)
  const { template } = block
  const hashes = block.ids.map(({ data }) => sha256(data))
  const key = sipHashKey(sha256(new Uint8Array(8)))
  client.send({
    type: 'CommitMiningJob',
    requestId: 5,
    miningJobToken: token,
    version: template.version,
    coinbaseTxVersion: 2,
    coinbasePrefix: encodeHeightPush(template.height),
    coinbaseTxInputSequence: 0xffff_fffe,
    coinbaseTxValueRemaining: template.coinbaseValue,
    coinbaseTxOutputs: [encodeOutput(block.commitment)],
    coinbaseTxLocktime: template.height - 1,
    minExtranonceSize: 8,
    txShortHashNonce: 0n,
    txShortHashList: hashes.map((hash) => sipHash24(key, hash)),
    txHashListHash: sha256(concatBytes(...hashes)),
    excessData: NOTHING,
  })
  // of a list of which nothing is known the whole hashes are asked for first
  await client.next('IdentifyTransactions')
  client.send({ type: 'IdentifyTransactions.Success', requestId: 5, txHashList: hashes })
  const { unknownTxPositionList } = await client.next('ProvideMissingTransactions')
  expect(unknownTxPositionList).toEqual([0, 1, 2])
  const transactionList = block.ids.map(({ data }) => data)
  client.send({ type: 'ProvideMissingTransactions.Success', requestId: 5, transactionList })
  expect(await client.next('CommitMiningJob.Success')).toMatchObject({ requestId: 5 })

  const { client: pool } = await aClient(urls[0])
  const found = nextBlock(node)
  pool.send(solve(block))
  expect(await found).toBe(4)
  client.end()
  pool.end()
})

test('a job that the node finds bad is refused, and the reason of the node is told', async () => {
  const { node, urls } = await aServer()
  const { client, token } = await aClient(urls[0])
  const block = aBlock(node)
  const rich = { ...block, ids: [], template: { ...block.template, coinbaseValue: 10n ** 12n } }
  const cut = coinbaseOf({
    ...rich,
    commitment: { value: 0n, script: witnessCommitmentScript(witnessMerkleRoot([])) },
  })
  const full = addCoinbaseWitness(cut.prefix, cut.suffix)
  client.send({
    type: 'DeclareMiningJob',
    requestId: 5,
    miningJobToken: token,
    version: block.template.version,
    coinbaseTxPrefix: full.prefix,
    coinbaseTxSuffix: full.suffix,
    wtxidList: [],
    excessData: NOTHING,
  })
  const refused = await client.next('DeclareMiningJob.Error')
  expect(refused).toMatchObject({ requestId: 5, errorCode: 'invalid-coinbase-tx' })
  expect(new TextDecoder().decode(refused.errorDetails)).toBe('bad-cb-amount')
  client.end()
})

test('the pool runs the same server in its own process, with its own keys and payout', async () => {
  const { config, common, context, node, hasTip } = await aNode()
  const running = await pool.start(
    pool.schema.parse({
      ...common,
      template_provider: { host: '127.0.0.1', port: 1, noise: false },
      listen: [{ host: '127.0.0.1', port: 0 }],
      job_negotiator: { enabled: true, ...config },
    }),
    context,
  )
  await hasTip
  const key = (url: string | undefined) => url?.split('/').at(-1)
  expect(key(running.negotiatorUrls[0])).toBe(key(running.urls[0]))
  const client = await TestClient.connect({ url: running.negotiatorUrls[0]!, protocol: 'negotiation' })
  client.send(setupConnection({ protocol: 1, flags: 1 }))
  client.send({ type: 'AllocateMiningJobToken', userIdentifier: 'alice.rig', requestId: 1 })
  const { coinbaseTxOutputs } = await client.next('AllocateMiningJobToken.Success')
  expect(parseCountedOutputs(coinbaseTxOutputs)).toEqual([{ value: 0n, script: PAYOUT }])
  expect(node.height()).toBe(120)
  client.end()
})
