import { displayHash, parseBlock, sha256d } from '@sv2/bitcoin'
import { current } from '@sv2/messages/current'
import { draft } from '@sv2/messages/draft'
import { describe, expect, test } from 'vitest'
import { filled, proves } from '../_fixtures.ts'
import {
  aDeclaration,
  aNegotiator,
  aNegotiatorClient,
  anAcceptedJob,
  aSolution,
  aToken,
} from '../_negotiator.ts'
import { aNodeTemplate, aTransaction } from '../_node-templates.ts'

describe('a solution', () => {
  proves('JDS-08', 'current', 'of the newest accepted job becomes its block', (edition) => {
    const world = aNegotiator()
    const client = anAcceptedJob(world, edition)
    client.send(aSolution())
    const [solved] = world.link.factsOf('submitBlock')
    const { transactions } = parseBlock(solved!.block)
    expect(solved).toMatchObject({ height: 200_000, session: client.session })
    expect(solved!.hash).toBe(displayHash(sha256d(solved!.block.subarray(0, 80))))
    expect(transactions).toHaveLength(3)
    expect(transactions[0]!.inputs[0]!.witness).toEqual([filled(0)])
  })

  proves('JDS-09', 'current', 'of an older job, or of another connection’s, is found too', (edition) => {
    const world = aNegotiator()
    const older = anAcceptedJob(world, edition)
    older.send(aDeclaration(aToken(older).miningJobToken, { payout: 1n }))
    world.verdict(null)
    older.send(aSolution())
    expect(world.link.factsOf('submitBlock')).toHaveLength(1)
    const other = aNegotiator()
    anAcceptedJob(other, edition)
    const pool = aNegotiatorClient(other, edition, 0)
    pool.send(aSolution())
    expect(other.link.factsOf('submitBlock')).toMatchObject([{ session: pool.session }])
  })

  test('of no job is told apart: of a job that is not kept, or of another block than the node’s', () => {
    const world = aNegotiator()
    const client = anAcceptedJob(world, current)
    client.send({ ...aSolution(), extranonce: filled(9, 3) }, { ...aSolution(), prevHash: filled(9) })
    expect(world.link.factsOf('solutionRefused').map(({ reason }) => reason)).toEqual([
      'it solves no job that is kept',
      'it builds on a block that is neither the present tip nor the one before',
    ])
  })

  test('that is known costs nothing, whoever tells of it and however often', () => {
    let hashes = 0
    const world = aNegotiator({}, aNodeTemplate(), (bytes) => {
      hashes++
      return sha256d(bytes)
    })
    const client = anAcceptedJob(world, current)
    const solution = aSolution()
    client.send(solution)
    expect(world.link.factsOf('submitBlock')).toHaveLength(1)
    const stranger = aNegotiatorClient(world, current, 0)
    world.link.takeFacts()
    hashes = 0
    for (let n = 0; n < 1_000; n++) stranger.send(solution)
    expect(hashes).toBe(0)
    expect(world.link.takeFacts()).toEqual([])
    expect(stranger.closed).toBeUndefined()
  })

  proves(
    'JNS-12',
    'draft',
    'of a committed job comes over the pool’s link and becomes a block',
    (edition) => {
      const world = aNegotiator()
      const client = anAcceptedJob(world, edition)
      client.disconnect()
      const pool = aNegotiatorClient(world, current, 0)
      pool.send(aSolution())
      const [solved] = world.link.factsOf('submitBlock')
      expect(parseBlock(solved!.block).transactions).toHaveLength(3)
    },
  )

  test('that comes while the node still checks the job is a block at once', () => {
    const world = aNegotiator()
    const client = aNegotiatorClient(world, current)
    client.send(aDeclaration(aToken(client).miningJobToken), aSolution())
    expect(world.link.factsOf('submitBlock')).toHaveLength(1)
  })

  test('that comes before the transactions of its job waits for them', () => {
    const world = aNegotiator()
    const client = aNegotiatorClient(world, current)
    const transactions = [aTransaction()]
    client.send(aDeclaration(aToken(client).miningJobToken, { transactions }), aSolution({ transactions }))
    expect(world.link.factsOf('submitBlock')).toEqual([])
    client.send({
      type: 'ProvideMissingTransactions.Success',
      requestId: 7,
      transactionList: [transactions[0]!.data],
    })
    expect(world.link.factsOf('submitBlock')).toHaveLength(1)
  })

  test('outlives a block of somebody else by one, and no more', () => {
    const world = aNegotiator()
    const client = anAcceptedJob(world, current)
    world.node(aNodeTemplate({ prevHash: filled(1), height: 200_001 }))
    client.send(aSolution())
    expect(world.link.factsOf('submitBlock')).toHaveLength(1)
    world.node(aNodeTemplate({ prevHash: filled(2), height: 200_002 }))
    client.send(aSolution())
    expect(world.link.factsOf('submitBlock')).toEqual([])
    expect(world.server.counts.keptJobs).toBe(0)
  })

  test.each([
    ['another previous hash', { prevHash: filled(3) }],
    ['another target', { nbits: 0x1d00ffff }],
    ['an extranonce of another size', { extranonce: filled(5, 15) }],
    ['no proof of work', { nbits: 0x207fffff, version: 1, ntime: 3, nonce: 1 }],
  ])('with %s is refused', (_, overrides) => {
    const world = aNegotiator({}, aNodeTemplate({ target: new Uint8Array(32).fill(0xff, 0, 20) }))
    const client = anAcceptedJob(world, current)
    client.send(aSolution({}, overrides))
    const facts = world.link.takeFacts().map(({ kind }) => kind)
    expect(facts).toContain('solutionRefused')
    expect(facts).not.toContain('submitBlock')
  })

  test('after solution that solves nothing ends the connection', () => {
    const world = aNegotiator()
    const client = aNegotiatorClient(world, current)
    const solution = aSolution()
    for (let n = 0; n < 5; n++) client.send(solution)
    expect(client.closed).toBeUndefined()
    client.send(solution)
    expect(client.closed).toMatch(/solve nothing/)
  })

  test('jobs are kept in limited number, the newest', () => {
    const world = aNegotiator({ limits: { keptJobs: 2 } })
    for (let n = 0; n < 4; n++) anAcceptedJob(world, draft)
    expect(world.server.counts.keptJobs).toBe(2)
  })
})
