import { encodeHeightPush, WITNESS_RESERVED_VALUE } from '@sv2/bitcoin'
import type { NewTemplate } from '@sv2/messages'
import { current } from '@sv2/messages/current'
import type { MadeTemplate, NodeTemplate, Room } from '@sv2/roles/ground'
import { describe, expect, test } from 'vitest'
import { aProvider, aTemplateClient, filled } from '../_fixtures.ts'
import { aNodeTemplate } from '../_node-templates.ts'
import { types } from '../_provider.ts'

const COINBASE: MadeTemplate['coinbase'] = {
  version: 2,
  sequence: 0xffff_fffe,
  locktime: 839_999,
  scriptPrefix: encodeHeightPush(840_000),
  outputs: [filled(1), filled(2)],
}
const TRANSACTIONS = [filled(7), filled(8)]

/** A template of a node that makes them to the end. */
function aMadeTemplate(room: Room, over: Partial<NodeTemplate> = {}): NodeTemplate {
  const made = { room, coinbase: COINBASE, merklePath: [filled(5)], transactions: TRANSACTIONS }
  return aNodeTemplate({ transactions: [], made, ...over })
}

const ROOM = { weight: 5_200, sigops: 1_600 }

describe('a template that the node has made for a room', () => {
  test('is handed out as it is, and its transactions on request', () => {
    const link = aProvider()
    link.node(aMadeTemplate(ROOM, { coinbaseValue: 312_500_777n }))
    const client = aTemplateClient(link, current)
    const template = client.received().find(({ type }) => type === 'NewTemplate') as NewTemplate
    expect(template).toMatchObject({
      coinbaseTxVersion: 2,
      coinbasePrefix: COINBASE.scriptPrefix,
      coinbaseTxInputSequence: COINBASE.sequence,
      coinbaseTxValueRemaining: 312_500_777n,
      coinbaseTxOutputsCount: 2,
      coinbaseTxOutputs: Uint8Array.from([...filled(1), ...filled(2)]),
      coinbaseTxLocktime: COINBASE.locktime,
      merklePath: [filled(5)],
    })
    client.send({ type: 'RequestTransactionData', templateId: template.templateId })
    expect(client.received()).toMatchObject([
      {
        type: 'RequestTransactionData.Success',
        excessData: WITNESS_RESERVED_VALUE,
        transactionList: TRANSACTIONS,
      },
    ])
  })

  test('waits for a client that needs more room, of which the node is told', () => {
    const link = aProvider()
    link.node(aMadeTemplate(ROOM))
    const small = aTemplateClient(link, current)
    small.received()
    const wide = aTemplateClient(link, current, { size: 10_000, sigops: 500 })
    expect(types(wide)).toEqual(['SetupConnection.Success'])
    const room = { weight: 41_168, sigops: 2_000 }
    expect(link.factsOf('roomWanted').at(-1)).toEqual({ kind: 'roomWanted', room })
    link.node(aMadeTemplate(room))
    expect(types(wide)).toEqual(['NewTemplate', 'SetNewPrevHashTdp'])
    expect(types(small)).toEqual(['NewTemplate'])
    wide.disconnect()
    expect(link.factsOf('roomWanted').at(-1)?.room.weight).toBeLessThan(5_200)
  })

  test('is not made smaller for all by one client that wants the block for itself', () => {
    const link = aProvider()
    link.node(aMadeTemplate(ROOM))
    const greedy = aTemplateClient(link, current, { size: 500_000 })
    expect(greedy.closed).toContain('need more room than the node is asked for')
    expect(link.factsOf('roomWanted')).toEqual([])
  })
})
