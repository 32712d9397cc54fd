import { hex } from '@sv2/bitcoin'
import { current } from '@sv2/messages/current'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { filled } from '../_fixtures.ts'
import { JobClientWorld, ScriptedPair } from '../_job-client.ts'
import { anOffer, OfferingPool } from '../_pool-offer.ts'
import { TestMiner } from '../_test-miner.ts'

/** What may happen to a client, in any order; a number says to which pool. */
const HAPPENINGS = [
  'connect',
  'open',
  'tokens',
  'agree',
  'acknowledge',
  'disagree',
  'race',
  'refuse',
  'refuseShares',
  'acknowledgeShares',
  'closeChannel',
  'dropPool',
  'dropServer',
  'connectServer',
  'connectOffers',
  'offer',
  'acknowledgeOffered',
  'dropOffers',
  'unreachable',
  'tip',
  'update',
  'wait',
  'waitLong',
  'share',
] as const
/** A pool's own job on a block that our node does not have: from then on miners are on that. */
const AHEAD = 'offerAhead'
type Happening = (typeof HAPPENINGS)[number] | typeof AHEAD

const PAIRS = 3

/** A client with three pools, whose every move is somebody else's choice. */
class Storm {
  readonly world = new JobClientWorld({ pairs: PAIRS })
  readonly miner: TestMiner
  readonly channel: ReturnType<TestMiner['open']>
  readonly #pairs = new Map<number, ScriptedPair>()
  readonly #offering = new Map<number, OfferingPool>()
  #tips = 0xbb
  #template = 100n
  #shares = 0
  #offers = 1_000

  constructor() {
    this.world.provide()
    this.world.link.advance(6_000)
    this.miner = new TestMiner(this.world.link as never, current)
    this.channel = this.miner.open('extended')
    // the first pool is well in the beginning
    for (const what of ['connect', 'open', 'connectOffers'] as const) this.happen(what, 0)
  }

  /** Does what can be done of it at this moment. */
  happen(what: Happening, place: number): void {
    const { world } = this
    const pair = this.#pairs.get(place)
    switch (what) {
      case 'connect':
        if (!this.#isUp(pair)) this.#pairs.set(place, new ScriptedPair(world, { place }))
        return
      case 'unreachable':
        return world.link.tell({ kind: 'unreachable', upstream: { kind: 'pool', index: place } })
      case 'tip':
        this.#tips = (this.#tips + 1) & 0xff
        return world.tip({ templateId: ++this.#template }, { prevHash: filled(this.#tips) })
      case 'update':
        return world.update(++this.#template)
      case 'wait':
        return world.link.advance(3_000)
      case 'waitLong':
        return world.link.advance(70_000)
      case 'share':
        this.#shares++
        return this.miner.peer.send(this.miner.find(this.channel, { sequenceNumber: this.#shares }))
      default:
        if (pair !== undefined && this.#isUp(pair)) this.#by(pair, what)
    }
  }

  #isUp(pair: ScriptedPair | undefined): boolean {
    return pair !== undefined && pair.pool.closed === undefined && pair.server.closed === undefined
  }

  #by(pair: ScriptedPair, what: Happening): void {
    switch (what) {
      case 'open':
        return pair.open()
      case 'tokens':
        return pair.giveTokens()
      case 'agree':
        if (pair.proposal !== undefined) pair.agree()
        return
      case 'disagree':
      case 'race':
        if (pair.proposal !== undefined) pair.disagree(what === 'race' ? 'stale-chain-tip' : 'invalid-job')
        return
      case 'acknowledge':
        if (pair.customJobs.length > 0) pair.acknowledge()
        return
      case 'refuse':
        if (pair.customJobs.length > 0) pair.refuse('invalid-mining-job-token')
        return
      case 'acknowledgeShares':
        if (pair.shares.length > 0) pair.acknowledgeShares()
        return
      case 'refuseShares':
        for (const { sequenceNumber } of pair.shares.slice(-6))
          pair.pool.send({
            type: 'SubmitShares.Error',
            channelId: 7,
            sequenceNumber,
            errorCode: 'stale-share',
          })
        return
      case 'closeChannel':
        return pair.pool.send({ type: 'CloseChannel', channelId: 7, reasonCode: 'x' })
      case 'dropPool':
        return pair.pool.disconnect()
      case 'dropServer':
        return pair.server.disconnect()
      case 'connectServer':
        return
      case 'connectOffers':
      case 'offer':
      case AHEAD:
      case 'acknowledgeOffered':
      case 'dropOffers':
        return this.#byOffers(pair.habits.place ?? 0, what)
      default:
        return
    }
  }

  /** On the connection on which a pool gives jobs of its own. */
  #byOffers(place: number, what: Happening): void {
    const pool = this.#offering.get(place)
    const isUp = pool !== undefined && pool.peer.closed === undefined
    if (what === 'connectOffers' && !isUp) this.#offering.set(place, new OfferingPool(this.world, { place }))
    if (!isUp) return
    if (what === 'offer') pool.peer.send(...anOffer(++this.#offers, 200_000, filled(this.#tips)))
    if (what === AHEAD) {
      pool.peer.send(...anOffer(++this.#offers, 200_001, filled(0x11)))
      this.world.link.advance(3_000)
    }
    if (what === 'acknowledgeOffered') pool.acknowledgeShares()
    if (what === 'dropOffers') pool.peer.disconnect()
  }

  /** The tip that miners work on now, as the last SetNewPrevHash told it. */
  get minedTip(): string {
    return hex(this.miner.tip(this.channel).prevHash)
  }

  get newestTip(): string {
    return this.#tips === 0xbb ? hex(filled(0xaa)) : hex(filled(this.#tips))
  }
}

const stormOf = (happenings: readonly Happening[]) =>
  fc.array(fc.tuple(fc.constantFrom(...happenings), fc.nat(PAIRS - 1)), { maxLength: 80, size: 'max' })

test('JDC-10, DEV-28, ERR-04 (current): whatever pools do, in any order, miners have good work', () => {
  fc.assert(
    fc.property(stormOf(HAPPENINGS), (happenings) => {
      const run = new Storm()
      for (const [what, place] of happenings) run.happen(what, place)
      const { miner, channel } = run
      // what the last happening made due is done by the tick that follows it at once
      run.world.link.advance(0)
      expect(run.world.client.nextDeadline()).toBeGreaterThan(run.world.link.now)
      expect(miner.peer.closed).toBeUndefined()
      expect(run.minedTip).toBe(run.newestTip)
      // the newest job is one that the client knows and takes a share of
      miner.take()
      miner.peer.send(miner.find(channel, { sequenceNumber: 1_000_000 }))
      expect(miner.takeOf('SubmitShares.Error').map(({ errorCode }) => errorCode)).toEqual([])
    }),
    { numRuns: 150 },
  )
})

test('every share is answered once, and none that a pool acknowledged is refused', () => {
  fc.assert(
    fc.property(stormOf([...HAPPENINGS, AHEAD, AHEAD, 'share', 'share']), (happenings) => {
      const run = new Storm()
      const sent = happenings.filter(([what]) => what === 'share').length
      for (const [what, place] of happenings) run.happen(what, place)
      // in the end everybody is gone, so that nothing stays open
      for (let place = 0; place < PAIRS; place++) {
        run.happen('dropPool', place)
        run.happen('unreachable', place)
      }
      run.world.link.advance(120_000)
      run.miner.take()
      let good = 0
      let refused = 0
      for (const message of run.miner.log) {
        if (message.type === 'SubmitShares.Success') good += message.newSubmitsAcceptedCount
        if (message.type === 'SubmitShares.Error') refused++
      }
      expect(good + refused).toBe(sent)
    }),
    { numRuns: 100 },
  )
})
