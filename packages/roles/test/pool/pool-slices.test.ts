import { concatBytes, hex, scriptToAddress } from '@sv2/bitcoin'
import { type Message, MINING_SETUP_FLAGS } from '@sv2/messages'
import { current } from '@sv2/messages/current'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { aPool, aTemplate, aTip, filled } from '../_fixtures.ts'
import { type TestChannel, TestMiner } from '../_test-miner.ts'

const MANY = 1_000

/** A miner with very many channels on one connection, and some with one, on a pool. */
function aCrowd(channels = MANY) {
  const world = aPool(current, { miners: { maxChannels: 10_000, maxChannelsPerConnection: 10_000 } })
  const { link } = world
  const crowd = new TestMiner(link, current, MINING_SETUP_FLAGS.REQUIRES_STANDARD_JOBS)
  const many = Array.from({ length: channels }, () => crowd.open('standard'))
  const others = Array.from({ length: 5 }, () => new TestMiner(link, current))
  const few = others.map((miner) => miner.open('extended'))
  for (const miner of [crowd, ...others]) miner.take()
  return { ...world, crowd, many, others, few }
}

/** Lets the pool go on by one slice, without time passing. */
function oneSlice({ link }: Pick<ReturnType<typeof aPool>, 'link'>): void {
  expect(link.role.nextDeadline()).toBeLessThanOrEqual(link.now)
  link.deliver({ kind: 'tick' })
}

/** An output script of its own for each number, and its address. */
function payoutOf(number: number): { readonly script: Uint8Array; readonly address: string } {
  const script = concatBytes(Uint8Array.of(0, 20), filled(0, 18), Uint8Array.of(number >> 8, number & 0xff))
  return { script, address: scriptToAddress(script, 'regtest')! }
}

/** A client that brings very many payouts on one connection, and some miners with one, at a solo pool. */
function aSoloCrowd(payouts = MANY) {
  const world = aPool(current, {
    miners: { maxChannels: 10_000, maxChannelsPerConnection: 10_000 },
    payout: { mode: 'solo', network: 'regtest', maxPayouts: 10_000 },
  })
  const { link } = world
  const crowd = new TestMiner(link, current)
  const open = (miner: TestMiner, number: number) =>
    miner.open('extended', { user: payoutOf(number).address })
  const many = Array.from({ length: payouts }, (_, number) => open(crowd, number))
  const others = Array.from({ length: 5 }, () => new TestMiner(link, current))
  const few = others.map((miner, number) => open(miner, 20_000 + number))
  for (const miner of [crowd, ...others]) miner.take()
  return { ...world, crowd, many, others, few, open }
}

describe('many channels on one connection', () => {
  test('are told after those with few, a slice at a time, and others have their turn between', () => {
    const world = aCrowd()
    world.tip({ templateId: 2n }, { prevHash: filled(2) })
    oneSlice(world)
    // all the others know, and of the many only a part
    for (const [at, miner] of world.others.entries()) {
      expect(miner.take().map(({ type }) => type)).toEqual(['NewExtendedMiningJob', 'SetNewPrevHash'])
      miner.peer.send(miner.find(world.few[at]!))
    }
    let told = world.crowd.take().length
    expect(told).toBeLessThan(400)
    expect(world.link.factsOf('shareAccepted')).toHaveLength(5)
    let slices = 0
    for (; told < 2 * MANY; slices++) {
      oneSlice(world)
      const more = world.crowd.take().length
      expect(more).toBeGreaterThan(0)
      expect(more).toBeLessThan(200)
      told += more
    }
    expect(slices).toBeGreaterThan(10)
    expect(world.link.role.nextDeadline()).toBeGreaterThan(world.link.now)
  })

  test('are not told of a tip that is none any more', () => {
    const world = aCrowd()
    for (let tip = 2; tip < 7; tip++) world.tip({ templateId: BigInt(tip) }, { prevHash: filled(tip) })
    world.link.advance(1_000)
    const messages = world.crowd.take()
    const last = messages.filter((message) => message.type === 'SetNewPrevHash' && message.prevHash[0] === 6)
    expect(last).toHaveLength(MANY)
    // jobs and tips for all once, and what the first slices had told before
    expect(messages.length).toBeLessThan(2 * MANY + 5 * 200)
  })

  test('hear of a new job before another target, and of nothing for a closed channel', () => {
    const world = aCrowd()
    world.templates.send(aTemplate({ templateId: 9n, futureTemplate: false }))
    const [first, last] = [world.many[0]!, world.many.at(-1)!]
    world.crowd.peer.send({ type: 'CloseChannel', channelId: first.channelId, reasonCode: '' })
    world.crowd.peer.send({
      type: 'UpdateChannel',
      channelId: last.channelId,
      nominalHashRate: 1e6,
      maximumTarget: filled(0xff),
    })
    const before = world.crowd.take()
    expect(before.some((message) => 'channelId' in message && message.channelId === last.channelId)).toBe(
      false,
    )
    world.link.advance(1_000)
    const after = world.crowd.take().map((message) => ({
      type: message.type,
      channelId: 'channelId' in message ? message.channelId : undefined,
    }))
    expect(after.filter(({ channelId }) => channelId === first.channelId)).toEqual([])
    const ofLast = after.filter(({ channelId }) => channelId === last.channelId)
    expect(ofLast.map(({ type }) => type)).toEqual(['NewMiningJob', 'SetTarget', 'NewMiningJob'])
  })

  test('have found a share of a job they were not told: it is judged like any other', () => {
    const world = aCrowd()
    world.templates.send(aTemplate({ templateId: 9n, futureTemplate: false }))
    const [told, untold] = [world.many[0]!, world.many.at(-1)!]
    const job = world.crowd.jobs(told).at(-1)!
    const share = world.crowd.find(untold, { job: { ...job, channelId: untold.channelId } })
    world.crowd.peer.send(share)
    expect([...world.link.factsOf('shareRefused'), ...world.link.factsOf('shareAccepted')]).toHaveLength(1)
  })
})

describe('many payouts on one connection', () => {
  test('are told after those with few, a slice at a time, of one job for all of them', () => {
    const world = aSoloCrowd()
    const before = world.others[0]!.job(world.few[0]!)
    world.tip({ templateId: 2n }, { prevHash: filled(2) })
    oneSlice(world)
    for (const [at, miner] of world.others.entries()) {
      expect(miner.take().map(({ type }) => type)).toEqual(['NewExtendedMiningJob', 'SetNewPrevHash'])
      miner.peer.send(miner.find(world.few[at]!))
    }
    expect(world.link.factsOf('shareAccepted')).toHaveLength(5)
    let told = world.crowd.take().length
    for (; told < 2 * MANY; ) {
      expect(told).toBeLessThan(2 * MANY)
      oneSlice(world)
      const more = world.crowd.take().length
      expect(more).toBeGreaterThan(0)
      expect(more).toBeLessThan(200)
      told += more
    }
    expect(world.link.role.nextDeadline()).toBeGreaterThan(world.link.now)
    // one was made for the tip, however many payouts there are
    expect(world.others[0]!.job(world.few[0]!).jobId).toBe(before.jobId + 1)
    for (const [number, channel] of world.many.entries()) {
      const job = world.crowd.job(channel)
      if (job.type !== 'NewExtendedMiningJob') throw new Error('a job of another kind')
      expect(job.jobId).toBe(before.jobId + 1)
      expect(hex(job.coinbaseTxSuffix)).toContain(hex(payoutOf(number).script))
    }
  })

  test('have their shares judged by the coinbase of their own payout, told or not', () => {
    const world = aSoloCrowd(200)
    const [first, last] = [world.many[0]!, world.many.at(-1)!]
    const old = world.crowd.job(last)
    const oldTip = world.crowd.tip(last)
    world.tip({ templateId: 2n }, { prevHash: filled(2) })
    // it does not know of the tip: its share is late, and of no more worth than anybody's
    world.crowd.peer.send(world.crowd.find(last, { job: old, tip: oldTip }))
    expect(world.link.factsOf('shareRefused')).toMatchObject([{ code: 'stale-share' }])
    world.link.advance(1_000)
    world.crowd.take()
    world.crowd.peer.send(world.crowd.find(last))
    expect(world.link.factsOf('shareAccepted')).toMatchObject([{ user: payoutOf(199).address }])
    // the coinbase of another payout is none of its
    const foreign = { ...world.crowd.job(first), channelId: last.channelId }
    const share = world.crowd.find(last, { job: foreign, hash: (hash) => hash[31] === 0 })
    world.crowd.peer.send({ ...share, channelId: last.channelId })
    expect(world.link.factsOf('shareAccepted')).toHaveLength(0)
  })

  test('get other levels together: nobody waits for the one before', () => {
    const world = aSoloCrowd(50)
    for (const { channelId } of world.many)
      world.crowd.peer.send({
        type: 'UpdateChannel',
        channelId,
        nominalHashRate: 1e6,
        maximumTarget: filled(0xff),
      })
    world.link.advance(600)
    const messages = world.crowd.take()
    expect(messages.filter(({ type }) => type === 'SetTarget')).toHaveLength(50)
    // the first at once, all others with the next job
    const jobs = new Set(world.many.map((channel) => world.crowd.job(channel).jobId))
    expect(jobs.size).toBe(2)
  })
})

/** What a device makes of what it is told: the job it works on, and on which tip. */
class Told {
  readonly #futures = new Set<number>()
  job: number | undefined
  prevHash: string | undefined

  hear(message: Message): void {
    if (message.type === 'NewMiningJob' || message.type === 'NewExtendedMiningJob') {
      if (message.minNtime === undefined) this.#futures.add(message.jobId)
      else this.job = message.jobId
    }
    if (message.type !== 'SetNewPrevHash') return
    // POOL-40: a tip names a job that was sent before, as a future one
    expect(this.#futures.has(message.jobId)).toBe(true)
    this.job = message.jobId
    this.prevHash = hex(message.prevHash)
  }
}

test.each([
  ['channel', () => aCrowd(200), 'standard'],
  ['payout', () => aSoloCrowd(200), 'extended'],
] as const)(
  'whatever happens between slices, each %s hears things in order, and ends with the newest',
  (_, begin, kind) => {
    const step = fc.constantFrom('future', 'tip', 'update', 'slice', 'slice', 'open', 'close', 'target')
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const world = begin()
        const open = new Map<number, TestChannel>(world.many.map((channel) => [channel.channelId, channel]))
        // a payout has its group for itself
        const groups = new Map<number, number>(
          kind === 'standard' ? [] : world.many.map(({ groupId, channelId }) => [groupId, channelId]),
        )
        let templateId = 10n
        let future: bigint | undefined
        let newest = concatBytes(filled(0xaa))
        for (const what of steps) {
          templateId++
          if (what === 'slice') world.link.deliver({ kind: 'tick' })
          else if (what === 'future') {
            future = templateId
            world.templates.send(aTemplate({ templateId }))
          } else if (what === 'update') world.templates.send(aTemplate({ templateId, futureTemplate: false }))
          else if (what === 'tip') {
            newest = filled(Number(templateId % 250n))
            if (future === undefined) world.tip({ templateId }, { prevHash: newest })
            else world.templates.send(aTip({ templateId: future, prevHash: newest }))
            future = undefined
          } else if (what === 'open') {
            const { address: user } = payoutOf(Number(templateId) + 1_000)
            const channel = world.crowd.open(kind, { user })
            groups.set(channel.groupId, channel.channelId)
            open.set(channel.channelId, channel)
          } else {
            const [channelId] = [...open.keys()].slice(Number(templateId) % open.size)
            if (channelId === undefined) continue
            if (what === 'close') {
              world.crowd.peer.send({ type: 'CloseChannel', channelId, reasonCode: '' })
              open.delete(channelId)
            } else {
              const nominalHashRate = Number(templateId) * 1e5
              world.crowd.peer.send({
                type: 'UpdateChannel',
                channelId,
                nominalHashRate,
                maximumTarget: filled(0xff),
              })
            }
          }
        }
        world.link.advance(2_000)
        world.crowd.take()
        const told = new Map<number, Told>()
        for (const message of world.crowd.log) {
          if (!('channelId' in message) || message.channelId === undefined) continue
          const channelId = groups.get(message.channelId) ?? message.channelId
          const known = told.get(channelId) ?? new Told()
          told.set(channelId, known)
          known.hear(message)
        }
        const present = [...open.keys()].map((channelId) => told.get(channelId)?.prevHash)
        expect(new Set(present)).toEqual(new Set([hex(newest)]))
        expect(told.size).toBeGreaterThan(0)
      }),
      { numRuns: 30 },
    )
  },
)

describe('limits of one network address', () => {
  /** A connection from somewhere. */
  function from(link: ReturnType<typeof aPool>['link'], address: string | undefined, flags = 0) {
    return new TestMiner({ connect: (options) => link.connect({ ...options, address }) }, current, flags)
  }

  test('its channels are counted over all its connections, and those of the allow list are not', () => {
    const { link } = aPool(current, { miners: { maxChannelsPerAddress: 3 } })
    const [one, two] = [from(link, '192.0.2.1'), from(link, '192.0.2.1')]
    const first = one.open('extended')
    one.open('standard')
    two.open('extended')
    const requestId = two.request('extended')
    expect(two.take()).toEqual([
      { type: 'OpenMiningChannel.Error', requestId, errorCode: 'channel-capacity-exhausted' },
    ])
    expect(link.factsOf('channelRefused')).toMatchObject([{ detail: '3 channels of one address' }])
    from(link, '192.0.2.2').open('extended')
    const allowed = from(link, undefined)
    for (let channel = 0; channel < 5; channel++) allowed.open('extended')
    one.peer.send({ type: 'CloseChannel', channelId: first.channelId, reasonCode: '' })
    two.open('extended')
    one.peer.disconnect()
    two.open('extended')
  })

  test('in solo mode, so are the payouts that it brings', () => {
    const { link } = aPool(current, {
      payout: { mode: 'solo', network: 'regtest', maxPayouts: 10, maxPayoutsPerAddress: 1 },
    })
    const users = [
      'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080',
      'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202',
    ]
    const miner = from(link, '192.0.2.1')
    const { channelId } = miner.open('extended', { user: users[0]! })
    miner.open('extended', { user: `${users[0]}.again` })
    miner.request('extended', { user: users[1]! })
    expect(miner.take()).toMatchObject([{ errorCode: 'channel-capacity-exhausted' }])
    from(link, '192.0.2.2').open('extended', { user: users[1]! })
    // nor is one that another has brought counted
    miner.open('extended', { user: users[1]! })
    miner.peer.send({ type: 'CloseChannel', channelId, reasonCode: '' })
  })

  test('when all payouts are taken, whoever brought most makes room, from the allow list too', () => {
    const { link } = aPool(current, {
      payout: { mode: 'solo', network: 'regtest', maxPayouts: 4, maxPayoutsPerAddress: 100 },
    })
    const [farm, stranger, late] = [from(link, undefined), from(link, undefined), from(link, '192.0.2.1')]
    const many = Array.from({ length: 4 }, (_, number) =>
      farm.open('extended', { user: payoutOf(number).address }),
    )
    // the first has worked since
    farm.peer.send(farm.find(many[0]!))
    farm.take()
    const mine = [10, 11].map((number) => stranger.open('extended', { user: payoutOf(number).address }))
    const closed = { type: 'CloseChannel', reasonCode: 'made-room' }
    expect(farm.take().filter(({ type }) => type === 'CloseChannel')).toEqual([
      { ...closed, channelId: many[1]!.channelId },
      { ...closed, channelId: many[2]!.channelId },
    ])
    expect(link.factsOf('payoutGivenUp')).toHaveLength(2)
    // both have as much: neither makes room for the other, and both do for a third
    for (const miner of [farm, stranger]) {
      miner.request('extended', { user: payoutOf(12).address })
      expect(miner.take()).toMatchObject([{ errorCode: 'channel-capacity-exhausted' }])
    }
    expect(link.factsOf('channelRefused')).toMatchObject([
      { detail: '4 payouts at one time' },
      { detail: '4 payouts at one time' },
    ])
    late.open('extended', { user: payoutOf(20).address })
    expect([...farm.take(), ...stranger.take()]).toHaveLength(1)
    // more channels of a payout that is there take nobody's place
    late.open('extended', { user: `${payoutOf(0).address}.again` })
    for (const channel of [many[0]!, mine[1]!]) {
      const miner = channel === mine[1] ? stranger : farm
      miner.peer.send(miner.find(channel))
    }
    expect(link.factsOf('shareAccepted')).toHaveLength(2)
  })
})
