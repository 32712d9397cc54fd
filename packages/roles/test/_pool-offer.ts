import { buildCoinbase, encodeHeightPush } from '@sv2/bitcoin'
import type { Edition, Message, MessageNamed } from '@sv2/messages'
import { current } from '@sv2/messages/current'
import type { WirePeer } from '@sv2/sim'
import { EASY_TARGET, filled, NBITS_HARD, NTIME } from './_fixtures.ts'
import { type JobClientWorld, POOL_SCRIPT, working } from './_job-client.ts'
import { TestMiner } from './_test-miner.ts'

/** Number of the channel on which a pool of these tests gives jobs of its own. */
const OFFER_CHANNEL = 17

/** The connection on which a pool gives jobs of its own: set up, and its channel opened. */
export class OfferingPool {
  readonly peer: WirePeer
  readonly #received: Message[] = []

  constructor(
    world: JobClientWorld,
    { edition = current, place = 0 }: { edition?: Edition; place?: number } = {},
  ) {
    this.peer = world.link.connect({
      port: { kind: 'offers', index: place },
      edition,
      protocol: 'mining',
      plays: 'server',
    })
    this.peer.send({ type: 'SetupConnection.Success', usedVersion: 2, flags: 0 })
    for (const message of this.received) {
      if (message.type !== 'OpenExtendedMiningChannel') continue
      this.peer.send({
        type: 'OpenExtendedMiningChannel.Success',
        requestId: message.requestId,
        channelId: OFFER_CHANNEL,
        target: EASY_TARGET,
        extranonceSize: message.minExtranonceSize,
        extranoncePrefix: filled(0xe0, 4),
        groupChannelId: 16,
      })
    }
  }

  /** Everything it was told. */
  get received(): readonly Message[] {
    this.#received.push(...this.peer.received())
    return this.#received
  }

  /** Shares of its own jobs. */
  get shares(): MessageNamed<'SubmitSharesExtended'>[] {
    return this.received.filter((message) => message.type === 'SubmitSharesExtended')
  }

  /** Takes all shares so far. */
  acknowledgeShares(): void {
    const { shares } = this
    this.peer.send({
      type: 'SubmitShares.Success',
      channelId: OFFER_CHANNEL,
      lastSequenceNumber: shares.at(-1)?.sequenceNumber ?? 0,
      newSubmitsAcceptedCount: shares.length,
      newSharesSum: 1n,
    })
  }
}

/** A miner at a client whose pool has agreed to a job, and gives jobs of its own too. */
export function minedWithOffers() {
  const { world, pair } = working()
  pair.agree()
  pair.acknowledge()
  const pool = new OfferingPool(world)
  const miner = new TestMiner(world.link as never, current)
  return { world, pair, pool, miner, channel: miner.open('extended') }
}

/** What a pool says when it works on another block: a job of its own, and the tip. */
export function anOffer(jobId: number, height: number, prevHash: Uint8Array): Message[] {
  const { prefix, suffix } = buildCoinbase({
    version: 2,
    scriptSigPrefix: encodeHeightPush(height),
    // the pool's prefix, what tells repetitions apart, and what miners split
    extranonceSize: 4 + 2 + 10,
    sequence: 0,
    outputs: [{ value: 5n, script: POOL_SCRIPT }],
    locktime: 0,
  })
  return [
    {
      type: 'NewExtendedMiningJob',
      channelId: OFFER_CHANNEL,
      jobId,
      minNtime: undefined,
      version: 0x2000_0000,
      versionRollingAllowed: true,
      merklePath: [filled(0x77)],
      coinbaseTxPrefix: prefix,
      coinbaseTxSuffix: suffix,
    },
    { type: 'SetNewPrevHash', channelId: OFFER_CHANNEL, jobId, prevHash, minNtime: NTIME, nbits: NBITS_HARD },
  ]
}
