import { MAX_TARGET } from '@sv2/bitcoin'
import type { Message } from '@sv2/messages'
import { current } from '@sv2/messages/current'
import { describe, expect, test } from 'vitest'
import { AggregatorWorld } from './_aggregator.ts'

function anOpen(requestId: number): Message {
  return {
    type: 'OpenExtendedMiningChannel',
    requestId,
    userIdentity: `alice.${requestId}`,
    nominalHashRate: 1,
    maxTarget: MAX_TARGET,
    minExtranonceSize: 4,
  }
}

/** A node that opens a channel above for each below. */
function aNode(options: ConstructorParameters<typeof AggregatorWorld>[0] = {}) {
  const { miners, ...rest } = options
  return new AggregatorWorld({
    aggregated: false,
    eager: false,
    miners: { startDifficulty: 2 ** -31, ...miners },
    ...rest,
  })
}

describe('a node with a channel above for each below', () => {
  test('asks the upstream anew for a miner that it had refused', () => {
    const world = aNode()
    const miner = world.miner(current)
    const upstream = world.upstream(current, { silent: true })
    for (let round = 0; round < 3; round++) {
      miner.peer.send(anOpen(7))
      const requests = upstream.take('OpenExtendedMiningChannel')
      expect(requests).toHaveLength(1)
      const requestId = requests[0]?.requestId ?? 0
      upstream.send({ type: 'OpenMiningChannel.Error', requestId, errorCode: 'unknown-user' })
      expect(miner.takeOf('OpenMiningChannel.Error')).toMatchObject([
        { requestId: 7, errorCode: 'invalid-user-identity' },
      ])
    }
  })

  test('asks for no more channels above than a miner may have, however many it asks for', () => {
    const world = aNode({ miners: { maxChannelsPerConnection: 20 } })
    const miner = world.miner(current)
    const upstream = world.upstream(current, { silent: true })
    for (let requestId = 1; requestId <= 3_000; requestId++) miner.peer.send(anOpen(requestId))
    expect(upstream.take('OpenExtendedMiningChannel')).toHaveLength(20)
    expect(miner.takeOf('OpenMiningChannel.Error')).toHaveLength(2_980)
  })
})
