import { concatBytes, meetsTarget, sha256d } from '@sv2/bitcoin'
import type { Edition, SetCustomMiningJob } from '@sv2/messages'
import { current } from '@sv2/messages/current'
import { draft } from '@sv2/messages/draft'
import type { WireLink } from '@sv2/sim'
import { describe, expect, test } from 'vitest'
import {
  aCustomJob,
  answerTo,
  aSelectingMiner,
  aToken,
  checked,
  counted,
  jobOf,
  paying,
  REWARD,
  setJob,
  tipOfJob,
} from '../_custom-jobs.ts'
import { filled, NBITS_EASY, NTIME, proves } from '../_fixtures.ts'
import { codes } from '../_pool-shares.ts'
import { findShare, type ShareWanted, type TestChannel, type TestMiner } from '../_test-miner.ts'

/** A requirement of the current edition that holds in the draft as well. */
function rewards(sentence: string, body: (edition: Edition) => void): void {
  proves('POOL-58', 'current', sentence, body)
  test(`in the draft as well, ${sentence}`, () => body(draft))
}

/** Every header has a good hash. */
const luckyHash = (bytes: Uint8Array) => sha256d(bytes).fill(0, 20)

function aLuckyShare({ channelId, extranonceSize }: TestChannel, jobId: number, nonce: number) {
  const common = { channelId, jobId, nonce, sequenceNumber: nonce, ntime: NTIME, version: 0x2000_0000 }
  return { type: 'SubmitSharesExtended', ...common, extranonce: filled(0, extranonceSize) } as const
}

/** Sets a job; answers how to find shares on it. */
function mining(
  world: { readonly miner: TestMiner; readonly channel: TestChannel },
  over: Partial<SetCustomMiningJob> = {},
) {
  const { miner, channel } = world
  const sent = aCustomJob(channel, over)
  const job = setJob(miner, channel, sent)
  return (wanted: ShareWanted = {}) => findShare(channel, { job, tip: tipOfJob(sent), ...wanted })
}

describe('shares on custom jobs', () => {
  rewards('what meets the channel’s target is credited, once', (edition) => {
    const world = aSelectingMiner(edition)
    const { link, miner } = world
    const find = mining(world)
    const share = find({ sequenceNumber: 1 })
    miner.peer.send(share, share)
    miner.peer.send(find({ hash: (hash) => !meetsTarget(hash, world.channel.target) }))
    miner.peer.send({ ...find(), extranonce: filled(1, 7) } as never)
    miner.peer.send(find({ ntime: NTIME - 1 }))
    link.advance(1_000)
    expect(codes(miner)).toEqual([
      'duplicate-share',
      'difficulty-too-low',
      'bad-extranonce-size',
      'invalid-share',
    ])
    expect(link.factsOf('shareAccepted')).toMatchObject([{ user: 'alice', difficulty: 2 ** -28 }])
  })

  rewards('the job before is still good, until the tip changes', (edition) => {
    const world = aSelectingMiner(edition)
    const { link, miner, tip } = world
    const first = mining(world)
    const second = mining(world, { merklePath: [filled(5)] })
    miner.peer.send(first(), second())
    expect(link.factsOf('shareAccepted')).toHaveLength(2)
    tip({ templateId: 3n }, { prevHash: filled(3) })
    miner.peer.send(first(), second())
    expect(codes(miner)).toEqual(['stale-share', 'stale-share'])
    const third = mining(world, { prevHash: filled(3) })
    miner.peer.send(third())
    expect(codes(miner)).toEqual([])
  })

  proves('POOL-57', 'current', 'a job that pays others too earns less', (edition) => {
    const world = aSelectingMiner(edition)
    const { link, miner } = world
    const mine = { value: (REWARD * 3n) / 4n, script: Uint8Array.of(0x51) }
    const outputs = counted(paying(REWARD / 4n), mine)
    const { channel } = world
    const sent = aCustomJob(channel, { coinbaseTxOutputs: outputs })
    const answer = answerTo(miner, sent)
    if (answer.type !== 'SetCustomMiningJob.Success') throw new Error(answer.type)
    const whole = jobOf(miner, channel, { job: sent, jobId: answer.jobId })
    const suffix = concatBytes(
      Uint8Array.of(0xfe, 0xff, 0xff, 0xff),
      outputs,
      Uint8Array.of(0x3f, 0x0d, 3, 0),
    )
    const job = { ...whole, coinbaseTxSuffix: suffix }
    miner.peer.send(findShare(channel, { job, tip: tipOfJob(sent) }))
    expect(link.factsOf('shareAccepted')).toMatchObject([{ difficulty: 2 ** -30 }])
  })

  test('what is acknowledged is the smaller reward, and the difficulty follows the work', () => {
    const miners = { vardiff: true, shareBatchSize: 16, startDifficulty: 1 / 4, shareBatchMs: 600_000 }
    const { link, miner, channel } = aSelectingMiner(current, { miners, hash: luckyHash })
    const others = { value: (REWARD * 3n) / 4n, script: Uint8Array.of(0x51) }
    const outputs = counted(paying(REWARD / 4n), others)
    const answer = answerTo(miner, aCustomJob(channel, { coinbaseTxOutputs: outputs }))
    if (answer.type !== 'SetCustomMiningJob.Success') throw new Error(answer.type)
    for (let nonce = 0; nonce < 160; nonce++) {
      // as many as are aimed at
      link.advance(5_000)
      miner.peer.send(aLuckyShare(channel, answer.jobId, nonce))
    }
    expect(link.factsOf('difficultyChanged')).toEqual([])
    const sums = miner.takeOf('SubmitShares.Success').map(({ newSharesSum }) => Number(newSharesSum))
    expect(sums).toHaveLength(10)
    // 160 · 1/4 of difficulty · 1/4 of the reward, rounded down
    expect(sums.reduce((sum, work) => sum + work)).toBe(9)
  })

  test('a job that comes again under another token is not paid again for its shares', () => {
    const world = aSelectingMiner(current)
    const { miner } = world
    const share = mining(world)()
    miner.peer.send(share)
    const others = Array.from({ length: 20 }, (_, n) => [filled(n), filled(n + 1)])
    for (const merklePath of others) mining(world, { merklePath })
    miner.peer.send(share)
    expect(codes(miner)).toEqual(['stale-share'])
    const again = setJob(miner, world.channel, aCustomJob(world.channel))
    miner.peer.send({ ...share, jobId: again.jobId })
    expect(codes(miner)).toEqual(['duplicate-share'])
  })

  test('a job that nobody checked is good until its token expires, and a checked one longer', () => {
    const world = aSelectingMiner(current)
    const { link, miner, channel } = world
    const expires = NTIME + 10
    const find = mining(world, { miningJobToken: aToken({ expires }) })
    const kept = { merklePath: [filled(6)] }
    const soon = mining(world, { ...kept, miningJobToken: aToken({ expires }) })
    const commitment = checked(current, aCustomJob(channel, kept))
    const later = mining(world, { ...kept, miningJobToken: aToken({ expires, commitment }) })
    link.advance(9_000)
    miner.peer.send(find(), soon(), later())
    expect(codes(miner)).toEqual([])
    link.advance(2_000)
    miner.peer.send(find(), soon(), later())
    expect(codes(miner)).toEqual(['stale-share'])
  })

  test('a group gets a job at once, and each channel works in its own space', () => {
    const world = aSelectingMiner(current)
    const { link, miner, channel } = world
    const channels = [channel, miner.open('extended'), miner.open('extended')]
    const sent = aCustomJob(channel, { channelId: channel.groupId })
    const job = setJob(miner, channel, sent)
    link.takeFacts()
    for (const each of channels) miner.peer.send(findShare(each, { job, tip: tipOfJob(sent) }))
    expect(link.factsOf('shareAccepted').map(({ channelId }) => channelId)).toEqual(
      channels.map(({ channelId }) => channelId),
    )
    expect(new Set(channels.map(({ groupId }) => groupId)).size).toBe(1)
  })

  test('a new target and a new prefix hold for the next job, the old ones for the last', () => {
    const world = aSelectingMiner(current)
    const { link, miner, channel } = world
    const before = mining(world)
    link.tell({ kind: 'renewPrefix', session: miner.peer.session, channelId: channel.channelId })
    const [renewed] = miner.takeOf('SetExtranoncePrefix')
    const after = mining(world, { merklePath: [] })
    miner.peer.send(before(), after({ prefix: renewed!.extranoncePrefix }))
    expect(codes(miner)).toEqual([])
    miner.peer.send(after())
    expect(codes(miner)).toEqual(['difficulty-too-low'])
  })

  test('thousands of jobs are taken, and only the last ones kept', () => {
    const { miner, channel } = aSelectingMiner(current, {
      customWork: { maxUsedTokens: 100_000, uncheckedTrust: Number.POSITIVE_INFINITY, negotiators: [] },
    })
    const answers = Array.from({ length: 4_100 }, (_, n) => {
      const merklePath = [Uint8Array.of(n, n >> 8, ...filled(0, 30))]
      return answerTo(miner, aCustomJob(channel, { merklePath })).type
    })
    expect(new Set(answers.slice(0, 4_096))).toEqual(new Set(['SetCustomMiningJob.Success']))
    expect(new Set(answers.slice(4_096))).toEqual(new Set(['SetCustomMiningJob.Error']))
  })
})

describe('blocks on custom jobs', () => {
  const isBlock = (hash: Uint8Array) => hash[31]! < 0x7f
  const easy = { prevHash: filled(2), nbits: NBITS_EASY }

  function aServer(link: Pick<WireLink<never>, 'connect'>, n: number) {
    const port = { kind: 'negotiator', index: n }
    return link.connect({ port, edition: current, protocol: 'negotiation', plays: 'server' })
  }

  proves(
    'POOL-62',
    'both',
    'every server is told of a block at once, and again when it comes back',
    (edition) => {
      const world = aSelectingMiner(edition)
      const { link, miner, channel, tip } = world
      tip({ templateId: 2n }, easy)
      const servers = [0, 1].map((n) => aServer(link as never, n))
      expect(servers.map((server) => server.received())).toMatchObject([
        [{ type: 'SetupConnection', protocol: 1, flags: 1, endpointHost: 'a.test', endpointPort: 1 }],
        [{ type: 'SetupConnection', protocol: 1, flags: 1, endpointHost: 'b.test', endpointPort: 2 }],
      ])
      const success = { type: 'SetupConnection.Success', usedVersion: 2, flags: 0 } as const
      servers[0]!.send(success)
      const share = mining(world, easy)({ hash: isBlock })
      miner.peer.send(share)
      const extranonce = concatBytes(channel.prefix, filled(0x5a, 8))
      const { version, ntime, nonce } = share
      const solution = { type: 'PushSolution', extranonce, version, ntime, nonce, ...easy }
      expect(servers.map((server) => server.received())).toEqual([[solution], []])
      servers[1]!.send(success)
      expect(servers[1]!.received()).toEqual([solution])
      servers[0]!.disconnect()
      const again = aServer(link as never, 0)
      again.send(success, success)
      expect(again.received()).toMatchObject([{ type: 'SetupConnection' }, solution])
      const facts = link.takeFacts().filter(({ kind }) => /block|solution|negotiator/i.test(kind))
      expect(facts).toMatchObject([
        { kind: 'negotiatorConnected', negotiator: 0 },
        { kind: 'keepSolution', solution: { message: solution } },
        { kind: 'blockFound', templateId: undefined, user: 'alice' },
        { kind: 'solutionPushed', negotiators: 1 },
        { kind: 'negotiatorConnected', negotiator: 1 },
        { kind: 'negotiatorLost', negotiator: 0 },
        { kind: 'negotiatorConnected', negotiator: 0 },
      ])
    },
  )

  proves('JNS-12', 'draft', 'the pool propagates a block on a custom job, not the client', (edition) => {
    const world = aSelectingMiner(edition)
    world.tip({ templateId: 2n }, easy)
    const server = aServer(world.link as never, 0)
    server.send({ type: 'SetupConnection.Success', usedVersion: 2, flags: 0 })
    const find = mining(world, easy)
    for (let n = 0; n < 20; n++) world.miner.peer.send(find({ hash: isBlock }))
    expect(server.receivedOf('PushSolution')).toHaveLength(20)
    const late = aServer(world.link as never, 1)
    late.send({ type: 'SetupConnection.Success', usedVersion: 2, flags: 0 })
    expect(late.receivedOf('PushSolution')).toHaveLength(16)
  })

  test('a server that refuses the pool is left, and what it says later is nothing', () => {
    const { link } = aSelectingMiner(current)
    const server = aServer(link as never, 0)
    server.send({ type: 'SetupConnection.Error', flags: 0, errorCode: 'unsupported-protocol' })
    expect(server.closed).toBe('setup refused')
    expect(link.factsOf('negotiatorRefused')).toMatchObject([{ code: 'unsupported-protocol' }])
  })
})
