import {
  encodeHeightPush,
  hex,
  merkleRoot,
  merkleRootFromPath,
  parseOutputs,
  sha256d,
  witnessCommitment,
  witnessMerkleRoot,
} from '@sv2/bitcoin'
import type { Edition, NewTemplate } from '@sv2/messages'
import { current } from '@sv2/messages/current'
import { describe, expect, test } from 'vitest'
import { aProvider, aTemplateClient, filled, NTIME, proves, theConstraints } from '../_fixtures.ts'
import { aNodeTemplate, aTransaction } from '../_node-templates.ts'
import { types } from '../_provider.ts'

describe('templates', () => {
  const answeredAtOnce = (edition: Edition): void => {
    const link = aProvider()
    link.node(aNodeTemplate())
    const client = aTemplateClient(link, edition)
    const [, template, tip, ...rest] = client.received()
    expect(template).toMatchObject({ type: 'NewTemplate', futureTemplate: true })
    expect(tip).toMatchObject({ type: 'SetNewPrevHashTdp', prevHash: filled(0xaa) })
    expect(tip).toHaveProperty('templateId', (template as NewTemplate).templateId)
    expect(rest).toEqual([])
  }

  proves(
    'TP-02, TP-09',
    'both',
    'constraints are answered at once: a future template and the tip that names it',
    answeredAtOnce,
  )
  proves('TP-10', 'draft', 'the tip names a future template that was sent before', answeredAtOnce)

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
    'TP-03',
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
    'TP-04',
    'both',
    'a new tip goes out without transactions where the node has not told them, and with them at once, whatever they pay',
    (edition) => {
      const link = aProvider({ minIntervalMs: 5_000, feeThreshold: 1_000_000n })
      link.node(aNodeTemplate({ prevHash: filled(0xbb) }))
      const client = aTemplateClient(link, edition)
      client.received()
      const empty = { transactions: [], coinbaseValue: 312_500_000n, isProvisional: true } as const
      link.node(aNodeTemplate(empty))
      const [first, tip] = client.received()
      expect([first, tip]).toMatchObject([
        { type: 'NewTemplate', futureTemplate: true, merklePath: [], coinbaseTxValueRemaining: 312_500_000n },
        { type: 'SetNewPrevHashTdp', prevHash: filled(0xaa) },
      ])
      link.node(aNodeTemplate())
      expect(client.received()).toMatchObject([
        { type: 'NewTemplate', futureTemplate: false, coinbaseTxValueRemaining: 312_502_000n },
      ])
      // nor does one that comes late take its place
      link.node(aNodeTemplate(empty))
      expect(client.received()).toEqual([])
      link.advance(10_000)
      expect(client.received()).toEqual([])
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

  test('so many different constraints are served and no more; those there keep their templates', () => {
    const link = aProvider()
    link.node(aNodeTemplate())
    const clients = Array.from({ length: 65 }, (_, size) => aTemplateClient(link, current, { size }))
    expect(clients.at(-1)?.closed).toContain('different constraints')
    expect(clients.slice(0, -1).every(({ closed }) => closed === undefined)).toBe(true)
    const [, template] = clients[0]!.received() as [unknown, NewTemplate]
    clients[0]!.send({ type: 'RequestTransactionData', templateId: template.templateId })
    expect(clients[0]!.received()).toMatchObject([{ type: 'RequestTransactionData.Success' }])
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

  test('constraints told now and then are taken for as long as the connection lasts', () => {
    const link = aProvider()
    link.node(aNodeTemplate())
    const client = aTemplateClient(link, current)
    for (let size = 0; size < 100; size++) {
      link.now += 300_000
      client.send(theConstraints({ size }))
    }
    expect(client.closed).toBeUndefined()
  })
})

function templateFor(
  edition: Parameters<typeof aTemplateClient>[1],
  overrides: Parameters<typeof aNodeTemplate>[0] = {},
): NewTemplate {
  const link = aProvider()
  link.node(aNodeTemplate(overrides))
  return aTemplateClient(link, edition).receivedOf('NewTemplate')[0]!
}

/** Weight of header, counts and a coinbase with a 100-byte script and `size` bytes of outputs beside the commitment. */
function blockWeight(size: number): number {
  const coinbase = 4 + 1 + 36 + 1 + 100 + 4 + 3 + size + 47 + 4
  return 4 * (80 + 3) + 4 * coinbase + 36
}
