import { CodecError, HEADER_SIZE } from '@sv2/codec'
import { type Edition, EditionError, type Message, PROTOCOL_NUMBERS } from '@sv2/messages'
import { current } from '@sv2/messages/current'
import { draft } from '@sv2/messages/draft'
import type { WirePeer } from '@sv2/sim'
import { expect, test } from 'vitest'
import { AggregatorWorld } from '../_aggregator.ts'
import {
  aDevice,
  aPool,
  aProvider,
  aSetup,
  aTemplate,
  aTemplateClient,
  aTip,
  filled,
  NBITS_EASY,
  NTIME,
  theConstraints,
} from '../_fixtures.ts'
import { working } from '../_job-client.ts'
import { aJob, aNegotiator, aNegotiatorClient, aSolution, aToken } from '../_negotiator.ts'
import { aNodeTemplate, aTransaction } from '../_node-templates.ts'
import { aRelay } from '../_relay.ts'
import { TestMiner } from '../_test-miner.ts'
import { anUpstreamJob, TestUpstream } from '../_test-upstream.ts'

/** Frames per edition and target; eight targets and two editions make more than a million. */
const FRAMES = Number(process.env.FUZZ_FRAMES ?? 70_000)
/** A world is thrown away after so many frames, so that broken ones do not hide later ones. */
const FRAMES_PER_WORLD = 500

/** A small seeded generator (mulberry32): a failure names its seed and comes again. */
function random(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** One of the ways in which a recorded frame is spoiled. */
function mutate(recorded: readonly Uint8Array[], next: () => number): Uint8Array {
  const pick = (): Uint8Array => recorded[Math.floor(next() * recorded.length)]!
  const frame = pick().slice()
  const place = Math.floor(next() * frame.length)
  switch (Math.floor(next() * 8)) {
    case 0:
      return frame
    case 1:
      frame[place]! ^= 1 << Math.floor(next() * 8)
      return frame
    case 2:
      for (let n = 0; n < 4; n++) frame[Math.floor(next() * frame.length)] = Math.floor(next() * 256)
      return frame
    case 3:
      frame[place] = [0, 1, 0x7f, 0x80, 0xff][Math.floor(next() * 5)]!
      return frame
    case 4:
      return withLength(frame.slice(0, Math.max(HEADER_SIZE, place)))
    case 5:
      return withLength(Uint8Array.of(...frame, ...pick().slice(HEADER_SIZE, HEADER_SIZE + 64)))
    case 6:
      frame[2] = Math.floor(next() * 256)
      return frame
    default: {
      const other = pick()
      frame.set(other.subarray(HEADER_SIZE, Math.min(other.length, frame.length)), HEADER_SIZE)
      return frame
    }
  }
}

function withLength(frame: Uint8Array): Uint8Array {
  const length = frame.length - HEADER_SIZE
  frame.set([length & 0xff, (length >> 8) & 0xff, length >> 16], 3)
  return frame
}

function hasItsLength(frame: Uint8Array): boolean {
  return frame.length - HEADER_SIZE === (frame[3]! | (frame[4]! << 8) | (frame[5]! << 16))
}

/** Feeds spoiled frames to fresh worlds. Whatever a frame does, the only errors are those that say the peer is wrong. */
function fuzz(
  seed: number,
  recorded: readonly Uint8Array[],
  world: () => WirePeer,
): { decoded: number; refused: number } {
  const next = random(seed)
  let peer = world()
  let decoded = 0
  let refused = 0
  for (let n = 0; n < FRAMES; n++) {
    if (n % FRAMES_PER_WORLD === 0 || peer.closed !== undefined) peer = world()
    const frame = mutate(recorded, next)
    try {
      peer.sendFrame(frame)
      peer.received()
      decoded++
      // what comes after a wrong length would only be taken for the rest of that frame
      if (!hasItsLength(frame)) peer = world()
    } catch (error) {
      if (!(error instanceof CodecError) && !(error instanceof EditionError)) throw error
      refused++
      // A session ends with such an error, and so does its splitter.
      peer = world()
    }
  }
  return { decoded, refused }
}

function recordedBy(edition: Edition, side: 'client' | 'server', messages: readonly Message[]): Uint8Array[] {
  const has = (...types: Message['type'][]) => messages.some(({ type }) => types.includes(type))
  const protocol = has('NewTemplate', 'SubmitSolution')
    ? 'templates'
    : has('AllocateMiningJobToken', 'AllocateMiningJobToken.Success')
      ? 'negotiation'
      : 'mining'
  const speller = edition.connection({ side: 'client', protocol })
  const server = edition.connection({ side: 'server' })
  for (const frame of [speller.encode(aSetup({ protocol: PROTOCOL_NUMBERS[protocol] }))]) {
    server.decode({ extensionType: 0, channelMsg: false, msgType: 0, payload: frame.subarray(HEADER_SIZE) })
  }
  return messages.map((message) => (side === 'client' ? speller : server).encode(message))
}

/** What a miner says to a pool in an ordinary session. */
function minerSession(edition: Edition): Uint8Array[] {
  const { link } = aPool(edition)
  const miner = new TestMiner(link, edition)
  const standard = miner.open('standard')
  const extended = miner.open('extended')
  const maxTarget = filled(0xff)
  return recordedBy(edition, 'client', [
    aSetup(),
    {
      type: 'OpenStandardMiningChannel',
      requestId: 1,
      userIdentity: 'alice.1',
      nominalHashRate: 1e12,
      maxTarget,
    },
    {
      type: 'OpenExtendedMiningChannel',
      requestId: 2,
      userIdentity: 'bob',
      nominalHashRate: 0,
      maxTarget,
      minExtranonceSize: 6,
    },
    { ...miner.find(standard), channelId: 2 },
    { ...miner.find(extended), channelId: 3 },
    { type: 'UpdateChannel', channelId: 2, nominalHashRate: 5e11, maximumTarget: maxTarget },
    { type: 'CloseChannel', channelId: 3, reasonCode: 'done' },
    { type: 'ChannelEndpointChanged', channelId: 2 },
  ])
}

function poolWorld(edition: Edition): WirePeer {
  const { link } = aPool(edition)
  const miner = new TestMiner(link, edition)
  miner.open('standard')
  miner.open('extended')
  return miner.peer
}

for (const edition of [current, draft]) {
  test(`a pool survives spoiled frames of miners (${edition.name})`, () => {
    const { decoded, refused } = fuzz(1, minerSession(edition), () => poolWorld(edition))
    expect(decoded).toBeGreaterThan(0)
    expect(refused).toBeGreaterThan(0)
  })

  test(`a pool survives spoiled frames of its template provider (${edition.name})`, () => {
    const recorded = recordedBy(edition, 'server', [
      { type: 'SetupConnection.Success', usedVersion: 2, flags: 0 },
      aTemplate({ templateId: 7n }),
      aTip({ templateId: 7n }),
      aTemplate({ templateId: 8n, futureTemplate: false }),
      { type: 'RequestTransactionData.Error', templateId: 7n, errorCode: 'template-id-not-found' },
    ])
    const { refused } = fuzz(2, recorded, () => {
      const world = aPool(edition)
      new TestMiner(world.link, edition).open('standard')
      return world.templates
    })
    expect(refused).toBeGreaterThan(0)
  })

  test(`a template provider survives spoiled frames of clients (${edition.name})`, () => {
    const recorded = recordedBy(edition, 'client', [
      aSetup({ protocol: 2 }),
      theConstraints({ size: 100, sigops: 4 }),
      { type: 'RequestTransactionData', templateId: 101n },
      {
        type: 'SubmitSolution',
        templateId: 101n,
        version: 0x20000000,
        headerTimestamp: 1_767_225_600,
        headerNonce: 1,
        coinbaseTx: filled(1, 120),
      },
    ])
    const { refused } = fuzz(3, recorded, () => {
      const provider = aProvider()
      provider.node(aNodeTemplate())
      return aTemplateClient(provider, edition)
    })
    expect(refused).toBeGreaterThan(0)
  })

  test(`a job negotiator server survives spoiled frames of clients (${edition.name})`, () => {
    const unknown = aTransaction()
    const setting = { template: aNodeTemplate(), transactions: [...aNodeTemplate().transactions, unknown] }
    const tokens = [1, 2, 3].map(() => aToken(aNegotiatorClient(aNegotiator(), edition)).miningJobToken)
    const dialogue: Message[] =
      edition === current
        ? [aSolution(), aSolution(setting)]
        : [{ type: 'IdentifyTransactions.Success', requestId: 1, txHashList: [filled(1), filled(2)] }]
    const recorded = recordedBy(edition, 'client', [
      aSetup({ protocol: 1, flags: 1 }),
      { type: 'AllocateMiningJobToken', userIdentifier: 'alice.1', requestId: 1 },
      ...tokens.flatMap((token, n) => [
        aJob(edition, token, { requestId: n }),
        aJob(edition, token, { ...setting, requestId: n }),
      ]),
      { type: 'ProvideMissingTransactions.Success', requestId: 1, transactionList: [unknown.data] },
      ...dialogue,
    ])
    const { decoded, refused } = fuzz(9, recorded, () => aNegotiatorClient(aNegotiator(), edition))
    expect(decoded).toBeGreaterThan(0)
    expect(refused).toBeGreaterThan(0)
  })

  test(`a device survives spoiled frames of its pool (${edition.name})`, () => {
    const { link } = aPool(edition)
    const miner = new TestMiner(link, edition, 1)
    miner.open('standard')
    const recorded = [...miner.peer.frames]
    const { refused } = fuzz(4, recorded, () => aDevice(edition).server)
    expect(refused).toBeGreaterThan(0)
  })

  const channel = { channelId: 1 } as const
  const fromPool = recordedBy(edition, 'server', [
    { type: 'SetupConnection.Success', usedVersion: 2, flags: 0 },
    {
      type: 'OpenExtendedMiningChannel.Success',
      requestId: 1,
      ...channel,
      target: filled(0xff),
      extranoncePrefix: filled(2, 4),
      extranonceSize: 12,
      groupChannelId: 9_000,
    },
    anUpstreamJob(1, 1),
    { type: 'SetNewPrevHash', ...channel, jobId: 1, prevHash: filled(7), minNtime: NTIME, nbits: NBITS_EASY },
    anUpstreamJob(1, 2, { minNtime: NTIME }),
    { type: 'SetTarget', ...channel, maximumTarget: filled(0x7f) },
    { type: 'SetExtranoncePrefix', ...channel, extranoncePrefix: filled(3, 4) },
    { type: 'SetGroupChannel', groupChannelId: 9_001, channelIds: [1] },
    { type: 'SubmitShares.Error', ...channel, sequenceNumber: 1, errorCode: 'stale-share' },
    {
      type: 'SubmitShares.Success',
      ...channel,
      lastSequenceNumber: 1,
      newSubmitsAcceptedCount: 1,
      newSharesSum: 1n,
    },
    { type: 'CloseChannel', ...channel, reasonCode: 'bye' },
  ])

  test(`an aggregating proxy survives spoiled frames of its pool (${edition.name})`, () => {
    const { refused } = fuzz(5, fromPool, () => {
      const world = new AggregatorWorld()
      const upstream = world.upstream(edition)
      upstream.tip(1, 1)
      world.miner(edition).open('standard')
      return upstream.peer
    })
    expect(refused).toBeGreaterThan(0)
  })

  test(`an aggregating proxy survives spoiled frames of miners (${edition.name})`, () => {
    const { refused } = fuzz(6, minerSession(edition), () => {
      const world = new AggregatorWorld()
      world.upstream(edition).tip(1, 1)
      const miner = world.miner(edition)
      miner.open('standard')
      miner.open('extended')
      return miner.peer
    })
    expect(refused).toBeGreaterThan(0)
  })

  const coinbase = { coinbaseTxPrefix: filled(1, 60), coinbaseTxSuffix: filled(2, 60) }
  const fromPoolOfJobs = recordedBy(edition, 'server', [
    { type: 'SetTarget', channelId: 7, maximumTarget: filled(0x7f) },
    { type: 'SetCustomMiningJob.Success', channelId: 7, requestId: 1, jobId: 4, ...coinbase },
    { type: 'SetCustomMiningJob.Error', channelId: 7, requestId: 1, errorCode: 'stale-chain-tip' },
    { type: 'SubmitShares.Error', channelId: 7, sequenceNumber: 1, errorCode: 'stale-share' },
    { type: 'CloseChannel', channelId: 7, reasonCode: 'bye' },
  ])
  test(`a job negotiator client survives spoiled frames of its pool (${edition.name})`, () => {
    const { refused } = fuzz(10, [...fromPool, ...fromPoolOfJobs], () => {
      const { world, pair } = working({ edition })
      new TestMiner(world.link as never, edition).open('standard')
      if (pair.proposal !== undefined) pair.agree()
      return pair.pool
    })
    expect(refused).toBeGreaterThan(0)
  })

  test(`a job negotiator client survives spoiled frames of its server (${edition.name})`, () => {
    const request = { requestId: 1 } as const
    const recorded = recordedBy(edition, 'server', [
      {
        type: 'AllocateMiningJobToken.Success',
        ...request,
        miningJobToken: filled(1, 8),
        coinbaseTxOutputs: Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0x51),
      },
      { type: 'ProvideMissingTransactions', ...request, unknownTxPositionList: [0, 2] },
      ...(edition === current
        ? [
            { type: 'DeclareMiningJob.Success', ...request, newMiningJobToken: filled(3, 8) } as const,
            {
              type: 'DeclareMiningJob.Error',
              ...request,
              errorCode: 'invalid-job',
              errorDetails: filled(0x41, 9),
            } as const,
          ]
        : [
            { type: 'IdentifyTransactions', ...request } as const,
            { type: 'AllocateMiningJobToken.Error', ...request, errorCode: 'no' } as const,
            { type: 'CommitMiningJob.Success', ...request, newMiningJobToken: filled(3, 8) } as const,
          ]),
    ])
    const { refused } = fuzz(11, recorded, () => {
      const { world, pair } = working({ edition })
      new TestMiner(world.link as never, edition).open('standard')
      return pair.server
    })
    expect(refused).toBeGreaterThan(0)
  })

  test(`a relaying proxy survives spoiled frames of its pool (${edition.name})`, () => {
    const { refused } = fuzz(7, fromPool, () => {
      const { link } = aRelay()
      const upstream = new TestUpstream(link as never, { edition })
      new TestMiner(link as never, edition).request('standard')
      upstream.serve()
      upstream.tip(1, 1)
      return upstream.peer
    })
    expect(refused).toBeGreaterThan(0)
  })

  test(`a relaying proxy survives spoiled frames of miners (${edition.name})`, () => {
    const { refused } = fuzz(8, minerSession(edition), () => {
      const { link } = aRelay()
      const upstream = new TestUpstream(link as never, { edition })
      const miner = new TestMiner(link as never, edition)
      for (const kind of ['standard', 'extended'] as const) {
        miner.request(kind)
        upstream.serve()
      }
      upstream.tip(1, 1)
      return miner.peer
    })
    expect(refused).toBeGreaterThan(0)
  })
}
