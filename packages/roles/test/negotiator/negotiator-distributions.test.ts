import { encodeOutput } from '@sv2/bitcoin'
import type { DeclareMiningJob } from '@sv2/messages'
import { current } from '@sv2/messages/current'
import { draft } from '@sv2/messages/draft'
import { openToken } from '@sv2/roles/custom-jobs'
import { type Distribution, rewardOutputs } from '@sv2/roles/payouts'
import type { WirePeer } from '@sv2/sim'
import { describe, expect, test } from 'vitest'
import {
  aDeclaration,
  aNegotiator,
  aNegotiatorClient,
  aToken,
  mac,
  type NegotiatorWorld,
  otherOutputs,
} from '../_negotiator.ts'
import { ALICE, aDistribution, POOL_SCRIPT, SHARED } from '../_payouts.ts'

const VALUE = 312_500_000n

/** A server of a pool that splits blocks. */
function aServer(): NegotiatorWorld {
  return aNegotiator({ payout: SHARED, furtherOutputs: [] })
}

function distribute(
  { link }: NegotiatorWorld,
  distribution: Distribution,
  how: 'voids' | 'adds' = 'adds',
): void {
  link.tell({ kind: 'distribution', distribution, voids: how === 'voids' })
}

/** A client that has agreed on the extension. */
function aFollower(world: NegotiatorWorld, flags = 1): WirePeer {
  const client = aNegotiatorClient(world, current, flags)
  client.send({ type: 'RequestExtensions', requestId: 1, requestedExtensions: [2, 3] })
  return client
}

/** Declares a job that pays so, with a token of its own. */
function declare(
  world: NegotiatorWorld,
  client: WirePeer,
  { id, distribution, value = VALUE }: { id?: bigint; distribution: Distribution; value?: bigint },
): DeclareMiningJob {
  const token = aToken(client, 1, ALICE).miningJobToken
  const outputs = [...rewardOutputs(distribution, value), ...otherOutputs(world.template.transactions)]
  const declaration = aDeclaration(token, { outputs, transactions: world.template.transactions })
  const named = id === undefined ? declaration : { ...declaration, distributionId: id }
  client.send(named)
  world.work()
  world.verdict(null)
  return named
}

const codes = (client: WirePeer) =>
  client.receivedOf('DeclareMiningJob.Error').map(({ errorCode }) => errorCode)

describe('a negotiator server of a pool that splits blocks', () => {
  test('tells the distribution behind the answer, and each newer one', () => {
    const world = aServer()
    distribute(world, aDistribution(1n, 2))
    const client = aFollower(world)
    expect(client.received()).toMatchObject([
      { type: 'RequestExtensions.Success', supportedExtensions: [3] },
      { type: 'SetPayoutDistribution', distributionId: 1n, dustLimits: [294, 294] },
    ])
    const stranger = aNegotiatorClient(world, current)
    distribute(world, aDistribution(2n, 1))
    distribute(world, aDistribution(2n, 3))
    expect(client.received()).toMatchObject([
      {
        type: 'SetPayoutDistribution',
        distributionId: 2n,
        poolPayout: encodeOutput({ value: 20_000n, script: POOL_SCRIPT }),
      },
    ])
    expect(stranger.received()).toEqual([])
  })

  test('gives tokens that name no outputs; without the extension they name the pool’s', () => {
    const world = aServer()
    const token = aToken(aFollower(world), 1, ALICE)
    expect(token.coinbaseTxOutputs).toEqual(new Uint8Array(0))
    expect(openToken(token.miningJobToken, mac)).toMatchObject({ distributionId: 0n, outputs: [] })
    const other = aToken(aNegotiatorClient(world, current), 1, ALICE)
    expect(openToken(other.miningJobToken, mac)).toMatchObject({
      distributionId: undefined,
      outputs: [POOL_SCRIPT],
    })
  })

  test('the draft has no extension: its tokens name the pool’s output', () => {
    const world = aServer()
    distribute(world, aDistribution(1n, 2))
    const client = aNegotiatorClient(world, draft)
    expect(openToken(aToken(client, 1, ALICE).miningJobToken, mac)).toMatchObject({ outputs: [POOL_SCRIPT] })
  })

  test('takes a job that follows, and says so in the token that stands for it', () => {
    const world = aServer()
    distribute(world, aDistribution(7n, 3))
    const client = aFollower(world)
    declare(world, client, { id: 7n, distribution: aDistribution(7n, 3) })
    const [accepted] = client.receivedOf('DeclareMiningJob.Success')
    expect(openToken(accepted!.newMiningJobToken, mac)).toMatchObject({ distributionId: 7n })
    expect(world.link.factsOf('jobAccepted')).toMatchObject([{ payout: VALUE }])
  })

  test('takes the distribution before as well, but none from before a block was settled', () => {
    const world = aServer()
    distribute(world, aDistribution(1n, 3))
    distribute(world, aDistribution(2n, 4))
    const client = aFollower(world)
    declare(world, client, { id: 1n, distribution: aDistribution(1n, 3) })
    expect(client.receivedOf('DeclareMiningJob.Success')).toHaveLength(1)
    distribute(world, aDistribution(3n, 4), 'voids')
    for (const id of [2n, 9n]) {
      declare(world, client, { id, distribution: aDistribution(id, 4) })
      expect(codes(client)).toEqual(['stale-payout-distribution'])
    }
  })

  test.each([
    ['another split', { id: 1n, distribution: aDistribution(1n, 4) }],
    ['no distribution named', { distribution: aDistribution(1n, 3) }],
  ])('%s: refused', (_, wrong) => {
    const world = aServer()
    distribute(world, aDistribution(1n, 3))
    const client = aFollower(world)
    declare(world, client, wrong)
    expect(codes(client)).toEqual(['invalid-payout-distribution'])
  })

  test('before the first distribution nothing can be declared', () => {
    const world = aServer()
    const client = aFollower(world)
    declare(world, client, { id: 1n, distribution: aDistribution(1n, 3) })
    expect(codes(client)).toEqual(['stale-payout-distribution'])
  })
})

test('a server of a pool with one address knows no extension', () => {
  const world = aNegotiator()
  const client = aFollower(world)
  distribute(world, aDistribution(1n, 2))
  expect(client.received()).toEqual([])
})
