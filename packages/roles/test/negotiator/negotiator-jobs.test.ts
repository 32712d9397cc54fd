import { BIP54_COINBASE_SEQUENCE, concatBytes, merklePath, parseBlock, sha256 } from '@sv2/bitcoin'
import type { CommitMiningJob, DeclareMiningJob } from '@sv2/messages'
import { current } from '@sv2/messages/current'
import { draft } from '@sv2/messages/draft'
import { describe, expect, test } from 'vitest'
import { filled, PAYOUT_SCRIPT, proves } from '../_fixtures.ts'
import {
  aCommit,
  aDeclaration,
  aJob,
  aNegotiator,
  aNegotiatorClient,
  aToken,
  mac,
  otherOutputs,
  shortHash,
} from '../_negotiator.ts'
import { aNodeTemplate, aTransaction } from '../_node-templates.ts'
import { types } from '../_provider.ts'

const SUCCESS = { declare: 'DeclareMiningJob.Success', commit: 'CommitMiningJob.Success' } as const

describe('a job', () => {
  proves('JDS-07', 'current', 'that the node finds good gets a token that commits to it', (edition) => {
    const world = aNegotiator()
    const client = aNegotiatorClient(world, edition)
    const { miningJobToken } = aToken(client)
    client.send(aDeclaration(miningJobToken))
    expect(client.received()).toEqual([])
    expect(world.verdict(null)).toBe(1)
    const [success] = client.receivedOf('DeclareMiningJob.Success')
    expect(success).toMatchObject({ requestId: 7 })
    expect(success!.newMiningJobToken).not.toEqual(miningJobToken)
    expect(commitmentIn(success!.newMiningJobToken)).toMatchObject({ merklePath: shortPath() })
  })

  proves('JNS-10, JNS-11', 'draft', 'gets a new token, which remembers min_extranonce_size', (edition) => {
    const world = aNegotiator()
    const client = aNegotiatorClient(world, edition)
    const { miningJobToken } = aToken(client)
    client.send(aCommit(miningJobToken))
    world.verdict(null)
    const [success] = client.receivedOf('CommitMiningJob.Success')
    expect(success).toMatchObject({ requestId: 7 })
    expect(commitmentIn(success!.newMiningJobToken)).toMatchObject({
      minExtranonceSize: 8,
      merklePath: shortPath(),
    })
  })

  test.each([current, draft])('$name: is shown to the node as the block it would be', (edition) => {
    const world = aNegotiator()
    const client = aNegotiatorClient(world, edition)
    client.send(aJob(edition, aToken(client).miningJobToken))
    const [proposed] = world.link.factsOf('proposeBlock')
    const { header, transactions } = parseBlock(proposed!.block)
    const { prevHash, nbits } = world.template
    expect(header).toMatchObject({ prevHash, nbits, version: 0x2000_0000 })
    expect(transactions).toHaveLength(3)
    expect(transactions[0]).toMatchObject({
      inputs: [{ sequence: BIP54_COINBASE_SEQUENCE, witness: [filled(0)] }],
      outputs: [{ value: 312_500_000n, script: PAYOUT_SCRIPT }, ...otherOutputs(world.template.transactions)],
    })
  })

  test.each([
    ['inconclusive-not-best-prevblk', 'stale-chain-tip', 'coinbase_prefix'],
    ['bad-cb-amount', 'invalid-coinbase-tx', 'coinbase_tx_outputs'],
    ['bad-cb-height', 'invalid-coinbase-tx-input', 'coinbase_prefix'],
    ['bad-txns-inputs-missingorspent', 'invalid-job', 'tx_short_hash_list'],
    ['bad-version(0x20000000)', 'invalid-job', 'version'],
  ])('that the node calls %s is refused with %s', (verdict, code, field) => {
    const codes = { declare: code, commit: `invalid-job-param-value-${field}` }
    for (const edition of [current, draft]) {
      const world = aNegotiator()
      const client = aNegotiatorClient(world, edition)
      client.send(aJob(edition, aToken(client).miningJobToken))
      world.verdict(verdict)
      expect(client.received()).toMatchObject([
        { requestId: 7, errorCode: codes[edition.capabilities.jobDialogue] },
      ])
    }
  })

  test('that no node can check now is refused, and a draft client may try again with another token', () => {
    const world = aNegotiator()
    const [now, before] = [aNegotiatorClient(world, current), aNegotiatorClient(world, draft)]
    now.send(aDeclaration(aToken(now).miningJobToken))
    before.send(aCommit(aToken(before).miningJobToken))
    expect(world.verdict(undefined)).toBe(2)
    expect(now.received()).toMatchObject([{ errorCode: 'internal-error' }])
    expect(before.received()).toMatchObject([{ errorCode: 'invalid-mining-job-token' }])
  })

  test.each([current, draft])('$name: for another height is refused', (edition) => {
    const world = aNegotiator()
    const client = aNegotiatorClient(world, edition)
    client.send(aJob(edition, aToken(client).miningJobToken, { height: 150_000 }))
    expect(client.received()).toMatchObject([{ requestId: 7 }])
    expect(world.link.factsOf('jobRefused')).toMatchObject([
      { code: edition === current ? 'stale-chain-tip' : 'invalid-job-param-value-coinbase_prefix' },
    ])
  })

  test('a client that has heard of a block before our node waits for the node', () => {
    const world = aNegotiator()
    const client = aNegotiatorClient(world, current)
    const template = aNodeTemplate({ prevHash: filled(0xbb), height: 200_001 })
    client.send(aDeclaration(aToken(client).miningJobToken, { template }))
    expect(client.received()).toEqual([])
    world.node(template)
    expect(world.verdict(null)).toBe(1)
    expect(types(client)).toEqual(['DeclareMiningJob.Success'])
  })

  test('and is told that its tip is none when the node does not follow', () => {
    const world = aNegotiator()
    const client = aNegotiatorClient(world, current)
    client.send(aDeclaration(aToken(client).miningJobToken, { height: 200_001 }))
    world.link.advance(10_000)
    expect(client.received()).toMatchObject([{ errorCode: 'stale-chain-tip' }])
    expect(world.server.counts.pendingJobs).toBe(0)
  })

  test('that waits for its transactions when the chain moves is refused', () => {
    const world = aNegotiator()
    const client = aNegotiatorClient(world, current)
    client.send(aDeclaration(aToken(client).miningJobToken, { transactions: [aTransaction()] }))
    expect(types(client)).toEqual(['ProvideMissingTransactions'])
    world.node(aNodeTemplate({ prevHash: filled(0xbb), height: 200_001 }))
    expect(client.received()).toMatchObject([{ errorCode: 'stale-chain-tip' }])
  })
})

describe('a token', () => {
  const job = (edition: typeof current | typeof draft, token: Uint8Array, requestId = 7) =>
    aJob(edition, token, { requestId })
  const refusal = (requestId: number) => [{ requestId, errorCode: 'invalid-mining-job-token' }]

  proves('JNS-06', 'draft', 'nobody has given out is refused with invalid-mining-job-token', (edition) => {
    const client = aNegotiatorClient(aNegotiator(), edition)
    for (const [requestId, size] of [0, 1, 8, 255].entries()) {
      client.send(aCommit(new Uint8Array(size), { requestId }))
      expect(client.received()).toMatchObject(refusal(requestId))
    }
  })

  test.each([current, draft])('$name: that is malformed or changed is refused', (edition) => {
    const client = aNegotiatorClient(aNegotiator(), edition)
    const { miningJobToken } = aToken(client)
    for (const token of [miningJobToken.slice(1), concatBytes(miningJobToken.slice(0, -1), filled(9, 1))]) {
      client.send(job(edition, token))
      expect(client.received()).toMatchObject(refusal(7))
    }
  })

  test.each([current, draft])('$name: is good for one job', (edition) => {
    const world = aNegotiator()
    const client = aNegotiatorClient(world, edition)
    const { miningJobToken } = aToken(client)
    client.send(job(edition, miningJobToken, 1), job(edition, miningJobToken, 2))
    expect(client.received()).toMatchObject(refusal(2))
    world.verdict(null)
    expect(types(client)).toEqual([SUCCESS[edition.capabilities.jobDialogue]])
  })

  test.each([current, draft])('$name: that stands for a job is good for no other', (edition) => {
    const world = aNegotiator()
    const client = aNegotiatorClient(world, edition)
    client.send(job(edition, aToken(client).miningJobToken))
    world.verdict(null)
    const [success] = client.received()
    client.send(job(edition, (success as { newMiningJobToken: Uint8Array }).newMiningJobToken))
    expect(client.received()).toMatchObject(refusal(7))
  })

  test.each([current, draft])('$name: is refused after its time', (edition) => {
    const world = aNegotiator()
    const client = aNegotiatorClient(world, edition)
    const { miningJobToken } = aToken(client)
    world.link.advance(600_000)
    client.send(job(edition, miningJobToken))
    expect(client.received()).toMatchObject(refusal(7))
  })
})

describe('a declaration', () => {
  const refused = (code: string, change: (job: DeclareMiningJob) => DeclareMiningJob) => {
    const client = aNegotiatorClient(aNegotiator(), current)
    client.send(change(aDeclaration(aToken(client).miningJobToken)))
    expect(client.received()).toMatchObject([
      { type: 'DeclareMiningJob.Error', requestId: 7, errorCode: code },
    ])
  }

  proves('JDS-04', 'current', 'that pays nothing into the payout output is refused', (edition) => {
    const client = aNegotiatorClient(aNegotiator(), edition)
    client.send(aDeclaration(aToken(client).miningJobToken, { payout: 0n }))
    expect(client.received()).toMatchObject([{ errorCode: 'invalid-coinbase-tx' }])
  })

  test('that leaves out an output of the token is refused', () => {
    const client = aNegotiatorClient(aNegotiator(), current)
    const outputs = [
      { value: 1n, script: PAYOUT_SCRIPT },
      ...otherOutputs(aNodeTemplate().transactions).slice(1),
    ]
    client.send(aDeclaration(aToken(client).miningJobToken, { outputs }))
    expect(client.received()).toMatchObject([{ errorCode: 'invalid-coinbase-tx' }])
  })

  test('that commits to other witnesses, or to none, is refused', () => {
    const pays = { value: 1n, script: PAYOUT_SCRIPT }
    const [further] = otherOutputs([])
    for (const outputs of [
      [pays, ...otherOutputs([aTransaction()])],
      [pays, further!],
    ]) {
      const client = aNegotiatorClient(aNegotiator(), current)
      client.send(aDeclaration(aToken(client).miningJobToken, { outputs }))
      expect(client.received()).toMatchObject([{ errorCode: 'invalid-coinbase-tx' }])
    }
  })

  test.each<[string, string, (job: DeclareMiningJob) => DeclareMiningJob]>([
    ['no coinbase', 'invalid-coinbase-tx', (job) => ({ ...job, coinbaseTxPrefix: new Uint8Array(3) })],
    [
      'a cut coinbase',
      'invalid-coinbase-tx',
      (job) => ({ ...job, coinbaseTxSuffix: job.coinbaseTxSuffix.slice(1) }),
    ],
    [
      'a script that is too long',
      'invalid-coinbase-tx-input',
      (job) => ({ ...job, coinbaseTxPrefix: changed(job.coinbaseTxPrefix, 43, 101) }),
    ],
    [
      'no room for an extranonce of its size',
      'invalid-coinbase-tx-input',
      (job) => ({ ...job, coinbaseTxPrefix: changed(job.coinbaseTxPrefix, 43, 99) }),
    ],
    [
      'a coinbase that spends an output',
      'invalid-coinbase-tx',
      (job) => ({ ...job, coinbaseTxPrefix: changed(job.coinbaseTxPrefix, 10, 1) }),
    ],
    [
      'another reserved value',
      'invalid-coinbase-tx-input',
      (job) => ({
        ...job,
        coinbaseTxSuffix: changed(job.coinbaseTxSuffix, job.coinbaseTxSuffix.length - 5, 1),
      }),
    ],
    [
      'a transaction twice',
      'invalid-job',
      (job) => ({ ...job, wtxidList: [job.wtxidList[0]!, job.wtxidList[0]!] }),
    ],
    [
      'more transactions than a block holds',
      'invalid-job',
      (job) => ({ ...job, wtxidList: Array.from({ length: 20_000 }, () => job.wtxidList[0]!) }),
    ],
  ])('with %s is refused with %s', (_, code, change) => refused(code, change))
})

describe('a commit', () => {
  proves('JNS-07', 'draft', 'with a wrong field is refused with the name of the field', (edition) => {
    const wrong: readonly [string, Partial<CommitMiningJob>][] = [
      ['min_extranonce_size', { minExtranonceSize: 33 }],
      ['coinbase_prefix', { coinbasePrefix: concatBytes(aCommit(filled(0)).coinbasePrefix, filled(0, 5)) }],
      ['coinbase_prefix', { coinbasePrefix: filled(1, 8) }],
      ['coinbase_tx_value_remaining', { coinbaseTxValueRemaining: 0n }],
      ['coinbase_tx_outputs', { coinbaseTxOutputs: [filled(1, 5)] }],
      ['coinbase_tx_outputs', { coinbaseTxOutputs: [] }],
      ['tx_short_hash_list', { txShortHashList: Array.from({ length: 20_000 }, () => filled(1, 8)) }],
    ]
    for (const [field, change] of wrong) {
      const client = aNegotiatorClient(aNegotiator(), edition)
      client.send({ ...aCommit(aToken(client).miningJobToken), ...change })
      expect(client.received()).toMatchObject([
        { type: 'CommitMiningJob.Error', requestId: 7, errorCode: `invalid-job-param-value-${field}` },
      ])
    }
  })

  proves(
    'JNS-08',
    'draft',
    'whose list is ambiguous or has another hash is asked for all hashes, which have to fit',
    (edition) => {
      const world = aNegotiator()
      const client = aNegotiatorClient(world, edition)
      const commit = aCommit(aToken(client).miningJobToken)
      const hashes = world.template.transactions.map(({ data }) => sha256(data))
      client.send({ ...commit, txShortHashList: [commit.txShortHashList[0]!, commit.txShortHashList[0]!] })
      expect(client.received()).toEqual([{ type: 'IdentifyTransactions', requestId: 7 }])
      client.send({ type: 'IdentifyTransactions.Success', requestId: 7, txHashList: hashes.slice(1) })
      expect(client.received()).toMatchObject([{ errorCode: 'invalid-job-param-value-tx_short_hash_list' }])

      client.send({
        ...aCommit(aToken(client).miningJobToken, { requestId: 8 }),
        txHashListHash: filled(1),
      })
      expect(client.received()).toEqual([{ type: 'IdentifyTransactions', requestId: 8 }])
      client.send({ type: 'IdentifyTransactions.Success', requestId: 8, txHashList: hashes })
      expect(client.received()).toMatchObject([{ errorCode: 'invalid-job-param-value-tx_hash_list_hash' }])
    },
  )

  proves('JNS-09', 'draft', 'with unknown transactions is asked for them by their places', (edition) => {
    const world = aNegotiator()
    const client = aNegotiatorClient(world, edition)
    const [known, other] = world.template.transactions
    const [first, last] = [aTransaction(), aTransaction()]
    const transactions = [first, known!, other!, last]
    client.send(aCommit(aToken(client).miningJobToken, { transactions }))
    expect(client.received()).toEqual([
      { type: 'ProvideMissingTransactions', requestId: 7, unknownTxPositionList: [0, 3] },
    ])
    client.send({
      type: 'ProvideMissingTransactions.Success',
      requestId: 7,
      transactionList: [first.data, last.data],
    })
    expect(world.verdict(null)).toBe(1)
    expect(types(client)).toEqual(['CommitMiningJob.Success'])
  })

  test('whose short hashes are keyed in another way is asked for the whole ones, which are trusted', () => {
    const world = aNegotiator()
    const client = aNegotiatorClient(world, draft)
    const unknown = aTransaction()
    const transactions = [...world.template.transactions, unknown]
    const hashes = transactions.map(({ data }) => sha256(data))
    client.send({
      ...aCommit(aToken(client).miningJobToken, { transactions }),
      txShortHashList: hashes.map((hash) => shortHash(78n, hash)),
    })
    expect(types(client)).toEqual(['IdentifyTransactions'])
    client.send({ type: 'IdentifyTransactions.Success', requestId: 7, txHashList: hashes })
    expect(client.received()).toMatchObject([{ unknownTxPositionList: [transactions.length - 1] }])
    client.send({ type: 'ProvideMissingTransactions.Success', requestId: 7, transactionList: [unknown.data] })
    expect(world.verdict(null)).toBe(1)
    expect(types(client)).toEqual(['CommitMiningJob.Success'])
  })

  test('whose missing transaction is another than its list says is refused', () => {
    const world = aNegotiator()
    const client = aNegotiatorClient(world, draft)
    const unknown = aTransaction()
    const [known] = world.template.transactions
    const transactions = [known!, unknown]
    const commit = aCommit(aToken(client).miningJobToken, { transactions })
    client.send(commit)
    expect(types(client)).toEqual(['ProvideMissingTransactions'])
    client.send({
      type: 'ProvideMissingTransactions.Success',
      requestId: 7,
      transactionList: [aTransaction().data],
    })
    expect(shortHash(77n, sha256(unknown.data))).toEqual(commit.txShortHashList[1])
    expect(types(client)).toEqual(['IdentifyTransactions'])
    const txHashList = transactions.map(({ data }) => sha256(data))
    client.send({ type: 'IdentifyTransactions.Success', requestId: 7, txHashList })
    expect(types(client)).toEqual(['ProvideMissingTransactions'])
    client.send({
      type: 'ProvideMissingTransactions.Success',
      requestId: 7,
      transactionList: [aTransaction().data],
    })
    expect(client.received()).toMatchObject([{ errorCode: 'invalid-job-param-value-tx_short_hash_list' }])
  })
})

function changed(bytes: Uint8Array, at: number, to: number): Uint8Array {
  const copy = bytes.slice()
  copy[at] = to
  return copy
}

/** What a token commits to, read by the format that the pool reads it by. */
function commitmentIn(token: Uint8Array): { minExtranonceSize: number; merklePath: string } {
  const body = token.subarray(0, -16)
  expect(mac(body).subarray(0, 16)).toEqual(token.subarray(-16))
  return { minExtranonceSize: body[body.length - 65]!, merklePath: String(body.subarray(-16)) }
}

function shortPath(): string {
  const path = merklePath(aNodeTemplate().transactions.map(({ txid }) => txid))
  return String(sha256(concatBytes(...path)).subarray(0, 16))
}
