import { parseBlock, sha256d } from '@sv2/bitcoin'
import { current } from '@sv2/messages/current'
import { draft } from '@sv2/messages/draft'
import { describe, expect, test } from 'vitest'
import { filled } from '../_fixtures.ts'
import {
  aDeclaration,
  aJob,
  aNegotiator,
  aNegotiatorClient,
  anAcceptedJob,
  aSolution,
  aToken,
  type NegotiatorWorld,
} from '../_negotiator.ts'
import { aNodeTemplate, aTransaction } from '../_node-templates.ts'
import { types } from '../_provider.ts'

const EDITIONS = [current, draft]

/** Declares a job whose transactions never come. */
function stall(client: ReturnType<typeof aNegotiatorClient>, requestId: number): void {
  const transactions = [...aNodeTemplate().transactions, aTransaction()]
  client.send(aDeclaration(aToken(client, requestId).miningJobToken, { requestId, transactions }))
}

describe('a queue that strangers fill with jobs whose transactions never come', () => {
  test('takes the job of somebody else; of those who have most the first goes', () => {
    const world = aNegotiator()
    const strangers = [aNegotiatorClient(world, current), aNegotiatorClient(world, current)]
    for (const client of strangers) for (const requestId of [1, 2, 3, 4]) stall(client, requestId)
    for (const client of strangers) client.received()
    expect(world.server.counts.pendingJobs).toBe(8)
    for (const requestId of [1, 2, 3]) {
      const honest = aNegotiatorClient(world, current)
      honest.send(aDeclaration(aToken(honest).miningJobToken))
      world.verdict(null)
      expect(types(honest)).toEqual(['DeclareMiningJob.Success'])
      expect(strangers[0]!.receivedOf('DeclareMiningJob.Error')).toMatchObject([
        { requestId, errorCode: 'missing-txs' },
      ])
      stall(strangers[0]!, 10 + requestId)
    }
  })

  test('keeps the unanswered job of an address that has one, however many connections another has', () => {
    const world = aNegotiator()
    const honest = aNegotiatorClient(world, current, 1, '192.0.2.1')
    stall(honest, 1)
    for (let n = 0; n < 20; n++) stall(aNegotiatorClient(world, current, 1, '192.0.2.66'), 1)
    expect(honest.receivedOf('DeclareMiningJob.Error')).toEqual([])
    expect(world.server.counts.pendingJobs).toBe(8)
  })

  test('at the node: whoever was not served longest is next', () => {
    const world = aNegotiator({ limits: { atNode: 1 } })
    const greedy = aNegotiatorClient(world, current)
    for (const requestId of [1, 2, 3, 4])
      greedy.send(aDeclaration(aToken(greedy, requestId).miningJobToken, { requestId }))
    const honest = aNegotiatorClient(world, current)
    honest.send(aDeclaration(aToken(honest).miningJobToken))
    world.verdict(null)
    world.verdict(null)
    expect(types(honest)).toEqual(['DeclareMiningJob.Success'])
    expect(types(greedy).filter((type) => type === 'DeclareMiningJob.Success')).toHaveLength(1)
  })
})

describe.each(EDITIONS)('$name: an accepted job', (edition) => {
  /** A client whose job the node finds good. */
  function good(world: NegotiatorWorld) {
    const client = aNegotiatorClient(world, edition)
    client.send(aJob(edition, aToken(client).miningJobToken))
    for (const { proposalId } of world.link.factsOf('proposeBlock'))
      world.link.tell({ kind: 'proposalChecked', proposalId, verdict: null })
    return client
  }

  test('is acknowledged when it is on the disk, and not before', () => {
    const world = aNegotiator()
    const client = good(world)
    expect(client.received()).toEqual([])
    expect(world.disk(true)).toHaveLength(1)
    expect(types(client)[0]).toMatch(/Success$/)
    expect(world.server.counts.keptJobs).toBe(1)
  })

  test('that the disk refuses is refused, and another may be tried', () => {
    const world = aNegotiator()
    const client = good(world)
    world.disk(false)
    expect(client.received()).toMatchObject([
      { errorCode: edition === current ? 'internal-error' : 'invalid-mining-job-token' },
    ])
    expect(world.server.counts).toMatchObject({ keptJobs: 0, pendingJobs: 0 })
  })

  test('becomes a block before it is on the disk, too', () => {
    const world = aNegotiator()
    const client = aNegotiatorClient(world, current)
    client.send(aDeclaration(aToken(client).miningJobToken))
    for (const { proposalId } of world.link.factsOf('proposeBlock'))
      world.link.tell({ kind: 'proposalChecked', proposalId, verdict: null })
    client.send(aSolution())
    expect(world.link.factsOf('submitBlock')).toHaveLength(1)
  })
})

describe('after a restart', () => {
  /** What a server had on its disk when it ended. */
  function jobsOnDisk(template = aNodeTemplate()) {
    const world = aNegotiator({}, template)
    const client = aNegotiatorClient(world, current)
    client.send(aDeclaration(aToken(client).miningJobToken, { template }))
    for (const { proposalId } of world.link.factsOf('proposeBlock'))
      world.link.tell({ kind: 'proposalChecked', proposalId, verdict: null })
    return world.disk(true)
  }

  test('a solution of a job of before becomes its block', () => {
    const world = aNegotiator()
    world.link.tell({ kind: 'jobsRestored', jobs: jobsOnDisk() })
    aNegotiatorClient(world, current, 0).send(aSolution())
    expect(world.link.factsOf('submitBlock')).toMatchObject([{ height: 200_000 }])
  })

  test('jobs live on over one more block, and then leave the disk', () => {
    const jobs = jobsOnDisk()
    const next = aNodeTemplate({ prevHash: filled(1), height: 200_001 })
    const world = aNegotiator({}, aNodeTemplate())
    world.link.tell({ kind: 'jobsRestored', jobs })
    world.node(next)
    expect(world.server.counts.keptJobs).toBe(1)
    world.node(aNodeTemplate({ prevHash: filled(2), height: 200_002 }))
    expect(world.server.counts.keptJobs).toBe(0)
    expect(world.link.factsOf('forgetJob')).toEqual([{ kind: 'forgetJob', id: jobs[0]!.id }])
  })
})

describe('kept jobs', () => {
  test.each([undefined, '192.0.2.66'])(
    'of an honest client stay, however many strangers have accepted (address %s)',
    (address) => {
      const world = aNegotiator({ limits: { keptJobs: 16, tokensPerMinuteInAll: 1_000 } })
      const honest = anAcceptedJob(world, current)
      for (let connection = 0; connection < 9; connection++) {
        const stranger = aNegotiatorClient(world, current, 1, address)
        for (let requestId = 1; requestId <= 3; requestId++) {
          stranger.send(
            aDeclaration(aToken(stranger, requestId).miningJobToken, {
              requestId,
              payout: BigInt(requestId),
            }),
          )
          world.verdict(null)
        }
      }
      expect(world.server.counts.keptJobs).toBe(16)
      honest.send(aSolution())
      const [solved] = world.link.factsOf('submitBlock')
      // so easy is the target that any job has a block for every other solution: it has to be the honest one's
      expect(parseBlock(solved!.block).transactions[0]!.outputs[0]).toMatchObject({ value: 312_500_000n })
    },
  )
})

describe('a job of thousands of transactions', () => {
  test('is checked in slices, between which others are served', () => {
    let hashes = 0
    const world = aNegotiator(
      { cache: { bytes: 1e9, transactions: 10_000 }, limits: { pendingBytes: 1e8 } },
      aNodeTemplate(),
      (bytes) => {
        hashes++
        return sha256d(bytes)
      },
    )
    const transactions = Array.from({ length: 4_000 }, () => aTransaction())
    const client = aNegotiatorClient(world, current)
    client.send(aDeclaration(aToken(client).miningJobToken, { transactions }))
    world.work()
    expect(types(client)).toEqual(['ProvideMissingTransactions'])
    hashes = 0
    client.send({
      type: 'ProvideMissingTransactions.Success',
      requestId: 7,
      transactionList: transactions.map(({ data }) => data),
    })
    const other = aNegotiatorClient(world, current)
    expect(aToken(other)).toBeDefined()
    let most = hashes
    while (world.server.nextDeadline() <= world.link.now) {
      const before = hashes
      world.link.tell({ kind: 'tick' })
      most = Math.max(most, hashes - before)
    }
    expect(hashes).toBeGreaterThan(16_000)
    expect(most).toBeLessThan(500)
    expect(world.verdict(null)).toBe(1)
    expect(types(client)).toEqual(['DeclareMiningJob.Success'])
    // and what was in it is remembered so
    let remembered = world.server.counts.transactions
    expect(remembered).toBeLessThan(200)
    while (world.server.nextDeadline() <= world.link.now) {
      world.link.tell({ kind: 'tick' })
      expect(world.server.counts.transactions - remembered).toBeLessThan(200)
      remembered = world.server.counts.transactions
    }
    expect(remembered).toBeGreaterThanOrEqual(4_000)
  })
})
