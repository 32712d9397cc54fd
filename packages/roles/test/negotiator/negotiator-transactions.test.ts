import { current } from '@sv2/messages/current'
import { draft } from '@sv2/messages/draft'
import { describe, expect, test } from 'vitest'
import { proves } from '../_fixtures.ts'
import { aDeclaration, aJob, aNegotiator, aNegotiatorClient, aToken } from '../_negotiator.ts'
import { aTransaction } from '../_node-templates.ts'
import { types } from '../_provider.ts'

const provide = (requestId: number, ...transactionList: Uint8Array[]) =>
  ({ type: 'ProvideMissingTransactions.Success', requestId, transactionList }) as const

describe('transactions', () => {
  proves(
    'JDS-05, JDS-06',
    'current',
    'that are missing are asked for by place before the verdict',
    (edition) => {
      const world = aNegotiator()
      const client = aNegotiatorClient(world, edition)
      const [first, second] = [aTransaction(), aTransaction()]
      const transactions = [...world.template.transactions, first, second]
      client.send(aDeclaration(aToken(client).miningJobToken, { transactions, requestId: 99 }))
      expect(client.received()).toEqual([
        { type: 'ProvideMissingTransactions', requestId: 99, unknownTxPositionList: [2, 3] },
      ])
      expect(world.verdict(null)).toBe(0)
      client.send(provide(99, first.data, second.data))
      expect(world.verdict(null)).toBe(1)
      expect(types(client)).toEqual(['DeclareMiningJob.Success'])
    },
  )

  proves('JDS-11', 'current', 'of the node’s mempool do not have to be sent', (edition) => {
    const world = aNegotiator()
    const client = aNegotiatorClient(world, edition)
    const transactions = [aTransaction(), aTransaction()]
    world.link.tell({ kind: 'transactions', transactions: transactions.map(({ data }) => data) })
    client.send(aDeclaration(aToken(client).miningJobToken, { transactions }))
    expect(client.received()).toEqual([])
    expect(world.verdict(null)).toBe(1)
  })

  test('that were accepted once are not asked for again', () => {
    const world = aNegotiator()
    const client = aNegotiatorClient(world, current)
    const transactions = [aTransaction()]
    client.send(aDeclaration(aToken(client).miningJobToken, { transactions }))
    client.send(provide(7, transactions[0]!.data))
    world.verdict(null)
    client.received()
    client.send(aDeclaration(aToken(client).miningJobToken, { transactions }))
    expect(world.verdict(null)).toBe(1)
    expect(types(client)).toEqual(['DeclareMiningJob.Success'])
  })

  test.each([
    ['another transaction', () => [aTransaction().data]],
    ['no transaction', () => [Uint8Array.of(1, 2, 3)]],
    ['too few', () => []],
    ['too many', (data: Uint8Array) => [data, data]],
    ['a flood', () => [new Uint8Array(4_500_000)]],
  ])('%s provided: missing-txs, and the server goes on', (_, list) => {
    const world = aNegotiator()
    const client = aNegotiatorClient(world, current)
    const promised = aTransaction()
    client.send(aDeclaration(aToken(client).miningJobToken, { transactions: [promised] }))
    client.received()
    client.send(provide(7, ...list(promised.data)))
    expect(client.received()).toMatchObject([{ requestId: 7, errorCode: 'missing-txs' }])
    expect(client.closed).toBeUndefined()
    expect(aToken(client)).toBeDefined()
  })

  test.each([
    ['missing-txs', current],
    ['invalid-job-param-value-tx_short_hash_list', draft],
  ])('%s: that do not come in time end the job', (errorCode, edition) => {
    const world = aNegotiator()
    const client = aNegotiatorClient(world, edition)
    client.send(aJob(edition, aToken(client).miningJobToken, { transactions: [aTransaction()] }))
    client.received()
    world.link.advance(9_999)
    expect(client.received()).toEqual([])
    world.link.advance(1)
    expect(client.received()).toMatchObject([{ requestId: 7, errorCode }])
    expect(world.server.counts.pendingJobs).toBe(0)
    expect(world.link.role.nextDeadline()).toBe(Number.POSITIVE_INFINITY)
  })

  test('nobody has asked for change nothing', () => {
    const world = aNegotiator()
    const client = aNegotiatorClient(world, current)
    client.send(provide(7, aTransaction().data))
    client.send(aDeclaration(aToken(client).miningJobToken), provide(7, aTransaction().data))
    expect(world.verdict(null)).toBe(1)
    expect(types(client)).toEqual(['DeclareMiningJob.Success'])
  })

  test('of two connections with the same request_id do not mix', () => {
    const world = aNegotiator()
    const [alice, bob] = [aNegotiatorClient(world, current), aNegotiatorClient(world, current)]
    const [hers, his] = [aTransaction(), aTransaction()]
    alice.send(aDeclaration(aToken(alice).miningJobToken, { transactions: [hers] }))
    bob.send(aDeclaration(aToken(bob).miningJobToken, { transactions: [his] }))
    bob.receivedOf('ProvideMissingTransactions')
    alice.receivedOf('ProvideMissingTransactions')
    bob.send(provide(7, his.data))
    expect(world.verdict(null)).toBe(1)
    expect(types(bob)).toEqual(['DeclareMiningJob.Success'])
    expect(types(alice)).toEqual([])
    alice.send(provide(7, hers.data))
    expect(world.verdict(null)).toBe(1)
    expect(types(alice)).toEqual(['DeclareMiningJob.Success'])
  })

  test('a cache that is full forgets what was not used longest', () => {
    const world = aNegotiator({ cache: { bytes: 10_000_000, transactions: 3 } })
    const [one, two] = [aTransaction(), aTransaction()]
    world.link.tell({ kind: 'transactions', transactions: [one.data, two.data, Uint8Array.of(1)] })
    expect(world.server.counts.transactions).toBe(3)
    const client = aNegotiatorClient(world, current)
    const transactions = [...world.template.transactions, one, two]
    client.send(aDeclaration(aToken(client).miningJobToken, { transactions }))
    expect(client.received()).toMatchObject([{ unknownTxPositionList: [0] }])
  })
})

describe('limits', () => {
  test('a connection has so many jobs pending, and all together so many', () => {
    const world = aNegotiator({ limits: { pendingPerClient: 2, pendingInAll: 3 } })
    const [alice, bob] = [aNegotiatorClient(world, current), aNegotiatorClient(world, current)]
    const declare = (client: typeof alice, requestId: number) =>
      client.send(aDeclaration(aToken(client).miningJobToken, { requestId }))
    for (const id of [1, 2, 3]) declare(alice, id)
    expect(alice.received()).toMatchObject([{ requestId: 3, errorCode: 'internal-error' }])
    for (const id of [1, 2]) declare(bob, id)
    expect(bob.received()).toMatchObject([{ requestId: 2, errorCode: 'internal-error' }])
  })

  test('the node gets so many blocks at one time', () => {
    const world = aNegotiator()
    const client = aNegotiatorClient(world, current)
    for (const requestId of [1, 2, 3]) {
      client.send(aDeclaration(aToken(client).miningJobToken, { requestId }))
    }
    expect(world.verdict(null)).toBe(2)
    expect(world.verdict(null)).toBe(1)
    expect(client.receivedOf('DeclareMiningJob.Success')).toHaveLength(3)
  })

  test('a connection proposes so many jobs in a minute', () => {
    const world = aNegotiator({ limits: { proposalsPerMinute: 1 } })
    const client = aNegotiatorClient(world, current)
    client.send(
      aDeclaration(new Uint8Array(3)),
      aDeclaration(aToken(client).miningJobToken, { requestId: 8 }),
    )
    expect(client.received()).toMatchObject([
      { requestId: 7, errorCode: 'invalid-mining-job-token' },
      { requestId: 8, errorCode: 'internal-error' },
    ])
  })

  test('a request_id that is in use is refused', () => {
    const world = aNegotiator()
    const client = aNegotiatorClient(world, current)
    const [first, second] = [aToken(client), aToken(client)]
    client.send(aDeclaration(first.miningJobToken), aDeclaration(second.miningJobToken))
    expect(client.received()).toMatchObject([{ requestId: 7, errorCode: 'internal-error' }])
    world.verdict(null)
    expect(types(client)).toEqual(['DeclareMiningJob.Success'])
  })

  test('bytes that clients have provided are limited together', () => {
    const world = aNegotiator({ limits: { pendingBytes: 3_000, atNode: 1 } })
    const client = aNegotiatorClient(world, current)
    for (const requestId of [1, 2]) {
      const transactions = [aTransaction({ padding: 2_000 })]
      client.send(aDeclaration(aToken(client).miningJobToken, { requestId, transactions }))
      client.received()
      client.send(provide(requestId, transactions[0]!.data))
    }
    expect(client.received()).toMatchObject([{ requestId: 2, errorCode: 'internal-error' }])
  })

  test('a client that leaves takes its unfinished jobs along, and the server goes on', () => {
    const world = aNegotiator()
    const client = aNegotiatorClient(world, current)
    client.send(aDeclaration(aToken(client).miningJobToken, { transactions: [aTransaction()] }))
    client.send(aDeclaration(aToken(client).miningJobToken, { requestId: 8 }))
    client.disconnect()
    expect(world.server.counts).toMatchObject({ clients: 0, pendingJobs: 1 })
    expect(world.verdict(null)).toBe(1)
    expect(world.server.counts).toMatchObject({ pendingJobs: 0, keptJobs: 1 })
    expect(aToken(aNegotiatorClient(world, current))).toBeDefined()
  })
})
