import {
  addCoinbaseWitness,
  buildCoinbase,
  coinbaseTxid,
  concatBytes,
  encodeHeightPush,
  findWitnessCommitment,
  hasWitness,
  hex,
  merkleRoot,
  merkleRootFromPath,
  parseBlock,
  parseOutputs,
  parseTransaction,
  sha256d,
  unhex,
  witnessCommitment,
  witnessMerkleRoot,
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
} from './_fixtures.ts'
import { aNodeTemplate, aTransaction } from './_node-templates.ts'
import type { WirePeer } from './wire-link.ts'

const types = (peer: WirePeer): string[] => peer.received().map(({ type }) => type)

describe('templates', () => {
  proves(
    'TP-02, TP-09, TP-10',
    'both',
    'constraints are answered at once: a future template and the tip that names it',
    (edition) => {
      const link = aProvider()
      link.node(aNodeTemplate())
      const client = aTemplateClient(link, edition)
      const [, template, tip, ...rest] = client.received()
      expect(template).toMatchObject({ type: 'NewTemplate', futureTemplate: true })
      expect(tip).toMatchObject({ type: 'SetNewPrevHashTdp', prevHash: filled(0xaa) })
      expect(tip).toHaveProperty('templateId', (template as NewTemplate).templateId)
      expect(rest).toEqual([])
    },
  )

  proves(
    'TP-02',
    'both',
    'a client that comes before the node’s first template gets it as soon as it is there',
    (edition) => {
      const link = aProvider()
      const client = aTemplateClient(link, edition)
      expect(types(client)).toEqual(['SetupConnection.Success'])
      link.node(aNodeTemplate())
      expect(types(client)).toEqual(['NewTemplate', 'SetNewPrevHashTdp'])
    },
  )

  test('a client that has not told its constraints gets nothing', () => {
    const link = aProvider()
    const client = aTemplateClient(link, current, 'none')
    link.node(aNodeTemplate())
    expect(types(client)).toEqual(['SetupConnection.Success'])
  })

  proves(
    'TP-03, TP-13',
    'both',
    'risen fees are pushed as a template to mine at once, small changes are not',
    (edition) => {
      const link = aProvider()
      link.node(aNodeTemplate())
      const client = aTemplateClient(link, edition)
      client.received()
      link.advance(60_000)
      link.node(aNodeTemplate({ transactions: [aTransaction({ fee: 2_999n })] }))
      expect(client.received()).toEqual([])
      link.node(aNodeTemplate({ transactions: [aTransaction({ fee: 3_000n })] }))
      expect(client.received()).toMatchObject([
        { type: 'NewTemplate', futureTemplate: false, coinbaseTxValueRemaining: 312_503_000n },
      ])
    },
  )

  proves(
    'TP-04, TP-09',
    'both',
    'a new tip goes out in the same moment, however short ago the last template was',
    (edition) => {
      const link = aProvider({ minIntervalMs: 3_600_000, feeThreshold: 10n ** 12n })
      link.node(aNodeTemplate())
      const clients = [aTemplateClient(link, edition), aTemplateClient(link, edition, { size: 5_000 })]
      for (const client of clients) client.received()
      for (let block = 1; block <= 3; block++) {
        link.node(aNodeTemplate({ prevHash: filled(block), height: 200_000 + block }))
        for (const client of clients) {
          expect(client.received()).toMatchObject([
            { type: 'NewTemplate', coinbasePrefix: encodeHeightPush(200_000 + block) },
            { type: 'SetNewPrevHashTdp', prevHash: filled(block) },
          ])
        }
      }
    },
  )

  test('fee updates keep their distance, and the last one is not lost', () => {
    const link = aProvider({ minIntervalMs: 10_000 })
    link.node(aNodeTemplate())
    const client = aTemplateClient(link, current)
    client.received()
    for (let fee = 1; fee <= 5; fee++) {
      link.advance(1_000)
      link.node(aNodeTemplate({ coinbaseValue: 312_502_000n + BigInt(fee * 5_000) }))
    }
    expect(client.received()).toEqual([])
    link.advance(5_000)
    expect(client.received()).toMatchObject([{ coinbaseTxValueRemaining: 312_527_000n }])
    link.advance(60_000)
    expect(client.received()).toEqual([])
  })

  proves('TP-11', 'current', 'a future template comes before every SetNewPrevHash', (edition) => {
    const link = aProvider()
    const client = aTemplateClient(link, edition)
    for (let block = 1; block <= 4; block++) {
      link.node(aNodeTemplate({ prevHash: filled(block) }))
      link.advance(10_000)
      link.node(aNodeTemplate({ prevHash: filled(block), coinbaseValue: 400_000_000n }))
    }
    const futures = new Set<bigint>()
    let tips = 0
    for (const message of client.received()) {
      if (message.type === 'NewTemplate' && message.futureTemplate) futures.add(message.templateId)
      if (message.type !== 'SetNewPrevHashTdp') continue
      tips++
      expect(futures.has(message.templateId)).toBe(true)
    }
    expect(tips).toBe(4)
  })

  proves('TP-12', 'both', 'template ids only grow, also when constraints go back and forth', (edition) => {
    const link = aProvider()
    link.node(aNodeTemplate())
    const clients = [aTemplateClient(link, edition), aTemplateClient(link, edition)]
    for (const size of [200, 100, 100, 200, 100]) {
      clients[0]!.send(theConstraints({ size }))
      link.advance(10_000)
      link.node(aNodeTemplate({ coinbaseValue: 312_600_000n + BigInt(link.now - 1_767_225_600_000) }))
    }
    for (const client of clients) {
      const ids = client.receivedOf('NewTemplate').map(({ templateId }) => templateId)
      expect(ids.length).toBeGreaterThan(5)
      for (const [index, id] of ids.entries()) expect(id > (ids[index - 1] ?? 100n)).toBe(true)
    }
  })

  test('clients of the same needs share one template', () => {
    const link = aProvider()
    const clients = [aTemplateClient(link, current), aTemplateClient(link, current)]
    link.node(aNodeTemplate())
    const [one, two] = clients.map((client) => client.receivedOf('NewTemplate')[0]!)
    expect(one!.templateId).toBe(two!.templateId)
    expect(link.role).toHaveProperty('counts.templates', 1)
  })

  proves('TP-14', 'both', 'coinbase_tx_outputs are raw outputs, their number beside them', (edition) => {
    const { coinbaseTxOutputs, coinbaseTxOutputsCount } = templateFor(edition)
    expect(coinbaseTxOutputsCount).toBe(1)
    expect(parseOutputs(coinbaseTxOutputs, 1)).toHaveLength(1)
    expect(templateFor(edition, { segwit: false })).toMatchObject({
      coinbaseTxOutputsCount: 0,
      coinbaseTxOutputs: new Uint8Array(0),
    })
  })

  proves('TP-15', 'current', 'coinbase_tx_outputs begin with the value of the first output', (edition) => {
    const { coinbaseTxOutputs } = templateFor(edition)
    // 8 bytes of value zero, 38 bytes of script: no count before them
    expect(hex(coinbaseTxOutputs.subarray(0, 15))).toBe(`${'00'.repeat(8)}266a24aa21a9ed`)
    expect(coinbaseTxOutputs).toHaveLength(8 + 1 + 38)
  })

  proves(
    'TP-16, TP-17',
    'current',
    'the witness commitment is that of the transactions and 32 zero bytes',
    (edition) => {
      const transactions = [aTransaction(), aTransaction(), aTransaction()]
      const { coinbaseTxOutputs } = templateFor(edition, { transactions })
      const root = witnessMerkleRoot(
        transactions.map((each) => each.wtxid),
        sha256d,
      )
      const commitment = witnessCommitment(root, filled(0), sha256d)
      expect(hex(coinbaseTxOutputs)).toContain(hex(commitment))
    },
  )

  proves('TP-18', 'both', 'coinbase_prefix has at most 8 bytes at any height', (edition) => {
    for (const height of [1, 16, 17, 128, 32_768, 200_000, 8_388_608, 0x7fff_ffff]) {
      const { coinbasePrefix } = templateFor(edition, { height })
      expect(coinbasePrefix.length).toBeLessThanOrEqual(8)
      expect(coinbasePrefix).toEqual(encodeHeightPush(height))
    }
  })

  proves('TP-19', 'both', 'header_timestamp is the node’s time, not the earliest one allowed', (edition) => {
    const link = aProvider()
    link.node(aNodeTemplate({ curtime: NTIME, mintime: NTIME - 5_000 }))
    const client = aTemplateClient(link, edition)
    expect(client.receivedOf('SetNewPrevHashTdp')).toMatchObject([{ headerTimestamp: NTIME }])
    // a node whose clock is behind the median time past
    link.node(aNodeTemplate({ prevHash: filled(1), curtime: NTIME, mintime: NTIME + 50 }))
    expect(client.receivedOf('SetNewPrevHashTdp')).toMatchObject([{ headerTimestamp: NTIME + 50 }])
  })

  proves(
    'FRM-15',
    'both',
    'clients of the same needs get the same transactions in the node’s order',
    (edition) => {
      const transactions = Array.from({ length: 20 }, () => aTransaction())
      const link = aProvider()
      link.node(aNodeTemplate({ transactions }))
      for (const client of [aTemplateClient(link, edition), aTemplateClient(link, edition)]) {
        const [template] = client.receivedOf('NewTemplate')
        client.send({ type: 'RequestTransactionData', templateId: template!.templateId })
        const [data] = client.receivedOf('RequestTransactionData.Success')
        expect(data!.transactionList.map(hex)).toEqual(transactions.map((each) => hex(each.data)))
      }
    },
  )
})

describe('room for the client’s coinbase', () => {
  /** Heavy enough to fill a block: 40 of 100,000 weight units each. */
  const heavy = Array.from({ length: 40 }, (_, index) =>
    aTransaction({ weight: 100_000, fee: BigInt(1_000 - index), sigops: 2_000 }),
  )

  proves(
    'TP-06',
    'both',
    'what the announced outputs need is left out, and value and merkle path follow',
    (edition) => {
      const link = aProvider()
      const node = aNodeTemplate({ transactions: heavy })
      link.node(node)
      const client = aTemplateClient(link, edition, { size: 60_000, sigops: 0 })
      const [template] = client.receivedOf('NewTemplate')
      // 4 · 60,000 + 1,168 weight units: three of the last ones have to go
      const kept = heavy.slice(0, 37)
      const gone = heavy.slice(37).reduce((sum, { fee }) => sum + fee, 0n)
      expect(template!.coinbaseTxValueRemaining).toBe(node.coinbaseValue - gone)
      expect(merkleRootFromPath(filled(9), template!.merklePath, sha256d)).toEqual(
        merkleRoot([filled(9), ...kept.map((each) => each.txid)], sha256d),
      )
      const root = witnessMerkleRoot(
        kept.map((each) => each.wtxid),
        sha256d,
      )
      expect(hex(template!.coinbaseTxOutputs)).toContain(hex(witnessCommitment(root, filled(0), sha256d)))
      expect(link.factsOf('templateSent')).toMatchObject([{ transactions: 37, left: 3 }])
    },
  )

  proves('TP-06', 'both', 'outputs that fit into no block end the connection', (edition) => {
    for (const size of [1_000_000, 0xffff_ffff]) {
      const link = aProvider()
      link.node(aNodeTemplate())
      const client = aTemplateClient(link, edition, { size })
      expect(client.receivedOf('NewTemplate')).toEqual([])
      expect(client.closed).toContain('fit into no block')
    }
  })

  proves(
    'TP-07',
    'draft',
    'the room includes the largest output count and a script of 100 bytes',
    (edition) => {
      // a block that the coinbase fills to the last byte: header and count, outputs of the client, 100 bytes of script
      const size = 997_000
      const room = 4_000_000 - (1_168 + 4 * size)
      const fitting = aTransaction({ weight: room, fee: 7n })
      const link = aProvider()
      link.node(aNodeTemplate({ transactions: [fitting] }))
      aTemplateClient(link, edition, { size, sigops: 0 })
      link.node(aNodeTemplate({ prevHash: filled(1), transactions: [{ ...fitting, weight: room + 1 }] }))
      expect(link.factsOf('templateSent').map(({ transactions }) => transactions)).toEqual([1, 0])
      expect(blockWeight(size) + room).toBeLessThanOrEqual(4_000_000)
    },
  )

  proves(
    'TP-08',
    'current',
    'reserves 1168 + 4 · size on SegWit, 944 + 4 · size before, and the announced sigops',
    (edition) => {
      const keeps = (tx: { weight: number; sigops: number }, segwit: boolean, sigops = 0): boolean => {
        const link = aProvider()
        link.node(aNodeTemplate({ transactions: [aTransaction(tx)], segwit }))
        aTemplateClient(link, edition, { size: 1_000, sigops })
        return link.factsOf('templateSent')[0]!.transactions === 1
      }
      expect(keeps({ weight: 4_000_000 - 5_168, sigops: 0 }, true)).toBe(true)
      expect(keeps({ weight: 4_000_000 - 5_167, sigops: 0 }, true)).toBe(false)
      expect(keeps({ weight: 4_000_000 - 4_944, sigops: 0 }, false)).toBe(true)
      expect(keeps({ weight: 4_000_000 - 4_943, sigops: 0 }, false)).toBe(false)
      // an announced operation counts four in a legacy output
      expect(keeps({ weight: 400, sigops: 80_000 - 4 * 500 }, true, 500)).toBe(true)
      expect(keeps({ weight: 400, sigops: 80_001 - 4 * 500 }, true, 500)).toBe(false)
    },
  )

  test('what is dropped takes its descendants along', () => {
    const transactions = [
      aTransaction({ weight: 1_000_000 }),
      aTransaction({ weight: 2_900_000 }),
      aTransaction({ weight: 1_000, depends: [1] }),
      aTransaction({ weight: 1_000, depends: [2] }),
      aTransaction({ weight: 1_000 }),
    ]
    const link = aProvider()
    link.node(aNodeTemplate({ transactions }))
    aTemplateClient(link, current, { size: 30_000 })
    expect(link.factsOf('templateSent')).toMatchObject([{ transactions: 1, left: 4 }])
  })

  test('constraints told again and again end the connection', () => {
    const link = aProvider()
    link.node(aNodeTemplate())
    const client = aTemplateClient(link, current)
    for (let size = 0; size < 15; size++) client.send(theConstraints({ size }))
    expect(client.closed).toBeUndefined()
    client.send(theConstraints({ size: 99 }))
    expect(client.closed).toContain('constraints')
  })
})

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

  test('templates are kept at least 30 s after they are superseded, and not for ever', () => {
    const link = aProvider()
    const client = aTemplateClient(link, current)
    link.node(aNodeTemplate())
    const [template] = client.receivedOf('NewTemplate')
    link.advance(3_600_000)
    link.node(aNodeTemplate({ prevHash: filled(1) }))
    link.advance(30_000)
    link.node(aNodeTemplate({ prevHash: filled(2) }))
    client.send(aSolution(template!, true))
    expect(link.factsOf('submitBlock')).toHaveLength(1)
    link.advance(31_000)
    link.node(aNodeTemplate({ prevHash: filled(3) }))
    client.send(aSolution(template!, true))
    expect(link.factsOf('solutionRefused')).toMatchObject([{ reason: 'its template is not kept any more' }])
    for (let block = 0; block < 2_000; block++)
      link.node(aNodeTemplate({ prevHash: concatBytes(filled(block & 0xff, 30), filled(block >> 8, 2)) }))
    expect(link.role).toHaveProperty('counts.templates', 512)
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
      link.factsOf('solutionRefused').map(({ reason }) => reason.split(/[ :]/).slice(0, 4).join(' ')),
    ).toEqual([
      'coinbase_tx is no transaction',
      'coinbase_tx is no coinbase',
      expect.stringMatching(/^hash/),
      'its template is not',
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
  client.sendFrame(encodeFrame(0x0001, false, 0x00, unhex('01000000')))
  expect(client.received()).toEqual([])
  expect(client.closed).toBeUndefined()
  client.send(theConstraints({}))
  link.node(aNodeTemplate())
  expect(types(client)).toEqual(['NewTemplate', 'SetNewPrevHashTdp'])
})

function templateFor(
  edition: Parameters<typeof aTemplateClient>[1],
  overrides: Parameters<typeof aNodeTemplate>[0] = {},
): NewTemplate {
  const link = aProvider()
  link.node(aNodeTemplate(overrides))
  return aTemplateClient(link, edition).receivedOf('NewTemplate')[0]!
}

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
  header.set(filled(0xaa), 4)
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

/** Weight of header, counts and a coinbase with a 100-byte script and `size` bytes of outputs beside the commitment. */
function blockWeight(size: number): number {
  const coinbase = 4 + 1 + 36 + 1 + 100 + 4 + 3 + size + 47 + 4
  return 4 * (80 + 3) + 4 * coinbase + 36
}
