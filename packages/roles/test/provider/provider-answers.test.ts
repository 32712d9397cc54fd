import {
  addCoinbaseWitness,
  buildCoinbase,
  coinbaseTxid,
  concatBytes,
  encodeTransaction,
  findWitnessCommitment,
  hasWitness,
  merkleRoot,
  merkleRootFromPath,
  parseBlock,
  parseTransaction,
  sha256d,
  unhex,
  wtxid,
} from '@sv2/bitcoin'
import { encodeFrame } from '@sv2/codec'
import type { NewTemplate, SubmitSolution } from '@sv2/messages'
import { current } from '@sv2/messages/current'
import { describe, expect, test } from 'vitest'
import {
  aProvider,
  aTemplateClient,
  filled,
  NTIME,
  PAYOUT_SCRIPT,
  proves,
  theConstraints,
} from '../_fixtures.ts'
import { aNodeTemplate, aTransaction } from '../_node-templates.ts'
import { types } from '../_provider.ts'

describe('transaction data', () => {
  proves(
    'TP-20, TP-21',
    'both',
    'all transactions come whole, witness included, and the witness reserved value',
    (edition) => {
      const transactions = [aTransaction(), aTransaction(), aTransaction()]
      const link = aProvider()
      link.node(aNodeTemplate({ transactions }))
      const client = aTemplateClient(link, edition)
      const [template] = client.receivedOf('NewTemplate')
      client.send({ type: 'RequestTransactionData', templateId: template!.templateId })
      const [data] = client.receivedOf('RequestTransactionData.Success')
      expect(data!.excessData).toEqual(filled(0))
      // the serialization every Bitcoin node reads: consensus keeps it compatible
      for (const [index, each] of data!.transactionList.entries()) {
        const tx = parseTransaction(each)
        expect(hasWitness(tx)).toBe(true)
        expect(wtxid(tx)).toEqual(transactions[index]!.wtxid)
      }
      expect(data!.transactionList).toHaveLength(3)
    },
  )

  proves('TP-23', 'both', 'an unknown template: template-id-not-found', (edition) => {
    const link = aProvider()
    link.node(aNodeTemplate())
    const client = aTemplateClient(link, edition)
    client.received()
    for (const templateId of [0n, 99n, 2n ** 64n - 1n]) {
      client.send({ type: 'RequestTransactionData', templateId })
      expect(client.received()).toEqual([
        { type: 'RequestTransactionData.Error', templateId, errorCode: 'template-id-not-found' },
      ])
    }
  })

  proves('TP-24', 'current', 'a template of an earlier tip: stale-template-id', (edition) => {
    const { link, client, templateId } = outdated(edition)
    client.send({ type: 'RequestTransactionData', templateId })
    expect(client.received()).toMatchObject([{ templateId, errorCode: 'stale-template-id' }])
    // superseded on the same tip is not stale
    const [present] = link.factsOf('templateSent').slice(-1)
    link.advance(10_000)
    link.node(aNodeTemplate({ prevHash: filled(1), coinbaseValue: 400_000_000n }))
    client.received()
    client.send({ type: 'RequestTransactionData', templateId: present!.templateId })
    expect(types(client)).toEqual(['RequestTransactionData.Success'])
  })

  proves('TP-23', 'draft', 'a template of an earlier tip has the one code the draft knows', (edition) => {
    const { client, templateId } = outdated(edition)
    client.send({ type: 'RequestTransactionData', templateId })
    expect(client.received()).toMatchObject([{ errorCode: 'template-id-not-found' }])
  })
})

describe('solutions', () => {
  proves(
    'TP-25',
    'both',
    'a solution becomes a block at once: all transactions, right root, witness',
    (edition) => {
      for (const segwit of [true, false]) {
        const transactions = [aTransaction(), aTransaction()]
        const link = aProvider()
        link.node(aNodeTemplate({ transactions, segwit }))
        const client = aTemplateClient(link, edition)
        const [template] = client.receivedOf('NewTemplate')
        client.send(aSolution(template!, segwit))
        const [submitted] = link.factsOf('submitBlock')
        expect(submitted).toMatchObject({ height: 200_000, templateId: template!.templateId })
        const block = parseBlock(submitted!.block)
        expect(block.header.prevHash).toEqual(filled(0xaa))
        expect(block.transactions).toHaveLength(3)
        expect(hasWitness(block.transactions[0]!)).toBe(segwit)
        expect(findWitnessCommitment(block.transactions[0]!.outputs) !== undefined).toBe(segwit)
        const ids = [coinbaseTxidOf(block.transactions[0]!), ...transactions.map(({ txid }) => txid)]
        expect(block.header.merkleRoot).toEqual(merkleRoot(ids, sha256d))
      }
    },
  )

  proves(
    'TP-13',
    'both',
    'a template that waits for no tip makes a block on the one that was told last',
    (edition) => {
      const link = aProvider()
      link.node(aNodeTemplate())
      const client = aTemplateClient(link, edition)
      link.node(aNodeTemplate({ prevHash: filled(0xbb), height: 200_001 }))
      link.advance(60_000)
      client.received()
      const transactions = [aTransaction({ fee: 9_000n })]
      link.node(aNodeTemplate({ prevHash: filled(0xbb), height: 200_001, transactions }))
      const [template, ...more] = client.received()
      expect(more).toEqual([])
      if (template?.type !== 'NewTemplate') throw new Error('no template')
      expect(template.futureTemplate).toBe(false)
      client.send(aSolution(template, true, undefined, filled(0xbb)))
      const [submitted] = link.factsOf('submitBlock')
      expect(parseBlock(submitted!.block).header.prevHash).toEqual(filled(0xbb))
    },
  )

  proves(
    'TP-05',
    'both',
    'a block of an earlier template is still submitted a minute after the tip moved on',
    (edition) => {
      const { link, client, template } = outdated(edition)
      link.advance(30_000)
      link.node(aNodeTemplate({ prevHash: filled(2) }))
      client.send(aSolution(template, true))
      expect(link.factsOf('submitBlock')).toMatchObject([{ templateId: template.templateId }])
    },
  )

  test('templates of this tip and the last are kept, however long they last and many they are', () => {
    const link = aProvider()
    const client = aTemplateClient(link, current)
    link.node(aNodeTemplate())
    const [template] = client.receivedOf('NewTemplate')
    for (let update = 1; update <= 1_000; update++) {
      link.advance(5_000)
      link.node(aNodeTemplate({ coinbaseValue: 312_500_000n + BigInt(update) * 10_000n }))
    }
    link.node(aNodeTemplate({ prevHash: filled(1) }))
    link.advance(3_600_000)
    client.send(aSolution(template!, true))
    expect(link.factsOf('submitBlock')).toHaveLength(1)
    link.node(aNodeTemplate({ prevHash: filled(2) }))
    link.advance(60_001)
    link.node(aNodeTemplate({ prevHash: filled(3) }))
    client.send(aSolution(template!, true))
    expect(link.factsOf('solutionRefused')).toMatchObject([{ reason: 'its template is not kept any more' }])
    expect(link.role).toHaveProperty('counts.templates', 2)
  })

  test('a template that has to go for want of memory is told to the clients that may work on it', () => {
    const link = aProvider({ keptBytes: 30_000 })
    const client = aTemplateClient(link, current)
    link.node(aNodeTemplate())
    const [template] = client.receivedOf('NewTemplate')
    client.received()
    const padding = 20_000
    for (let update = 1; update <= 2; update++) {
      const transactions = [aTransaction({ fee: BigInt(update) * 10_000n, padding })]
      link.advance(5_000)
      link.node(aNodeTemplate({ transactions }))
    }
    const { templateId } = template!
    expect(client.receivedOf('RequestTransactionData.Error')).toMatchObject([
      { templateId, errorCode: 'template-id-not-found' },
      { templateId: templateId + 1n, errorCode: 'template-id-not-found' },
    ])
    expect(link.factsOf('templatesDropped')).toMatchObject([{ count: 2 }])
    client.send(aSolution(template!, true))
    expect(link.factsOf('submitBlock')).toEqual([])
  })

  test('a block of an earlier run is made of what was kept of its template, for two tips', () => {
    const before = aProvider()
    const transaction = aTransaction()
    before.node(aNodeTemplate({ transactions: [transaction] }))
    const [template] = aTemplateClient(before, current).receivedOf('NewTemplate')
    aTemplateClient(before, current)
    const solution = aSolution(template!, true)
    const kept = before.factsOf('keepTemplate').map((fact) => fact.template)
    expect(kept).toHaveLength(1)

    const link = aProvider({ firstTemplateId: 1n << 40n, earlier: kept })
    link.node(aNodeTemplate())
    const client = aTemplateClient(link, current)
    client.send(solution)
    const [submitted] = link.factsOf('submitBlock')
    expect(parseBlock(submitted!.block).transactions.map(encodeTransaction).slice(1)).toEqual([
      transaction.data,
    ])
    for (const prevHash of [filled(1), filled(2)]) {
      link.advance(60_001)
      link.node(aNodeTemplate({ prevHash }))
    }
    client.send(solution)
    expect(link.factsOf('solutionRefused')).toMatchObject([{ reason: 'its template is not kept any more' }])
  })

  test('what is no block is refused with its reason, and the client stays', () => {
    const link = aProvider()
    link.node(aNodeTemplate())
    const client = aTemplateClient(link, current)
    const [template] = client.receivedOf('NewTemplate')
    const good = aSolution(template!, true)
    client.send(
      { ...good, coinbaseTx: filled(7, 100) },
      { ...good, coinbaseTx: aTransaction().data },
      { ...aSolution(template!, true, (hash) => hash[31]! >= 0x80) },
      { ...good, templateId: 5n },
    )
    expect(
      link.factsOf('solutionRefused').map(({ reason }) => reason.split(/[ :]/).slice(0, 5).join(' ')),
    ).toEqual([
      'coinbase_tx is not a transaction',
      'coinbase_tx is not a coinbase',
      expect.stringMatching(/^hash/),
      'its template is not kept',
    ])
    expect(client.closed).toBeUndefined()
  })

  test('a coinbase stripped of its witness gets it back', () => {
    const link = aProvider()
    link.node(aNodeTemplate())
    const client = aTemplateClient(link, current)
    const [template] = client.receivedOf('NewTemplate')
    const { coinbaseTx, ...solution } = aSolution(template!, true)
    const stripped = concatBytes(
      coinbaseTx.subarray(0, 4),
      coinbaseTx.subarray(6, -38),
      coinbaseTx.subarray(-4),
    )
    client.send({ ...solution, coinbaseTx: stripped })
    const [submitted] = link.factsOf('submitBlock')
    expect(hasWitness(parseBlock(submitted!.block).transactions[0]!)).toBe(true)
  })
})

proves('EXT-22', 'current', 'a provider, which knows no extensions, ignores RequestExtensions', (edition) => {
  const link = aProvider()
  const client = aTemplateClient(link, edition, 'none')
  client.received()
  // request_id 1, no extensions
  client.sendFrame(
    encodeFrame({ extensionType: 0x0001, channelMsg: false, msgType: 0x00 }, unhex('01000000')),
  )
  expect(client.received()).toEqual([])
  expect(client.closed).toBeUndefined()
  client.send(theConstraints({}))
  link.node(aNodeTemplate())
  expect(types(client)).toEqual(['NewTemplate', 'SetNewPrevHashTdp'])
})

/** A client whose first template belongs to an earlier tip. */
function outdated(edition: Parameters<typeof aTemplateClient>[1]) {
  const link = aProvider()
  link.node(aNodeTemplate())
  const client = aTemplateClient(link, edition)
  const [template] = client.receivedOf('NewTemplate')
  link.advance(1_000)
  link.node(aNodeTemplate({ prevHash: filled(1) }))
  client.received()
  return { link, client, template: template!, templateId: template!.templateId }
}

/** A solution whose hash is as asked; a block unless told otherwise. */
function aSolution(
  template: NewTemplate,
  segwit: boolean,
  good = (hash: Uint8Array): boolean => hash[31]! < 0x7f,
  prevHash: Uint8Array = filled(0xaa),
): SubmitSolution {
  const extranonce = filled(3, 8)
  const parts = buildCoinbase({
    version: template.coinbaseTxVersion,
    scriptSigPrefix: template.coinbasePrefix,
    extranonceSize: 8,
    sequence: template.coinbaseTxInputSequence,
    outputs: [{ value: template.coinbaseTxValueRemaining, script: PAYOUT_SCRIPT }],
    rawOutputs: { count: template.coinbaseTxOutputsCount, bytes: template.coinbaseTxOutputs },
    locktime: template.coinbaseTxLocktime,
  })
  const root = merkleRootFromPath(
    coinbaseTxid(parts.prefix, extranonce, parts.suffix),
    template.merklePath,
    sha256d,
  )
  const full = segwit ? addCoinbaseWitness(parts.prefix, parts.suffix) : parts
  const coinbaseTx = concatBytes(full.prefix, extranonce, full.suffix)
  const view = new DataView(new ArrayBuffer(80))
  const header = new Uint8Array(view.buffer)
  view.setUint32(0, template.version, true)
  header.set(prevHash, 4)
  header.set(root, 36)
  view.setUint32(68, NTIME, true)
  view.setUint32(72, 0x207fffff, true)
  for (let nonce = 0; ; nonce++) {
    view.setUint32(76, nonce, true)
    if (!good(sha256d(header))) continue
    return {
      type: 'SubmitSolution',
      templateId: template.templateId,
      version: template.version,
      headerTimestamp: NTIME,
      headerNonce: nonce,
      coinbaseTx,
    }
  }
}

function coinbaseTxidOf(tx: Parameters<typeof wtxid>[0]): Uint8Array {
  return wtxid({ ...tx, inputs: tx.inputs.map((input) => ({ ...input, witness: [] })) })
}
