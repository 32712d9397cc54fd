import { MAX_TARGET, sha256d } from '@sv2/bitcoin'
import type { Message } from '@sv2/messages'
import { current } from '@sv2/messages/current'
import { Aggregator } from '@sv2/roles/aggregator'
import { accountKey } from '@sv2/roles/custom-jobs'
import { Device } from '@sv2/roles/device'
import type { Port } from '@sv2/roles/ground'
import { Pool } from '@sv2/roles/pool'
import { Provider } from '@sv2/roles/provider'
import { Relay } from '@sv2/roles/relay'
import type { WireLink } from '@sv2/sim'
import fc from 'fast-check'
import { workSettings } from './_aggregator.ts'
import {
  fromNegotiator,
  fromProvider,
  toDevice,
  toNegotiator,
  toPool,
  toProvider,
  upstreamWork,
} from './_arbitrary.ts'
import { aCustomJob, aToken as aPoolToken, mac } from './_custom-jobs.ts'
import {
  aSetup,
  aTemplate,
  aTip,
  DEVICE,
  filled,
  NBITS_EASY,
  NTIME,
  poolSettings,
  theConstraints,
} from './_fixtures.ts'
import { JobClientWorld } from './_job-client.ts'
import { aCommit, aDeclaration, aNegotiator, aNegotiatorClient, aSolution, aToken } from './_negotiator.ts'
import { aNodeTemplate, aTransaction } from './_node-templates.ts'
import { relaySettings } from './_relay.ts'
import type { TestChannel } from './_test-miner.ts'
import { anUpstreamJob } from './_test-upstream.ts'

/** Jobs that are taken, and jobs that nearly are. */
const customJobs: fc.Arbitrary<Message> = fc
  .record({
    channelId: fc.constantFrom(1, 2, 3),
    nbits: fc.constantFrom(NBITS_EASY, 0),
    prevHash: fc.constantFrom(filled(0xaa), filled(0xab)),
    version: fc.nat(0xffff_ffff),
    minNtime: fc.constantFrom(NTIME, 0, 0xffff_ffff),
    expires: fc.constantFrom(NTIME + 1, NTIME + 60, 0),
    serial: fc.constantFrom(filled(1, 8), filled(2, 8)),
    merklePath: fc.array(fc.constant(filled(1)), { maxLength: 3 }),
  })
  .map(({ expires, serial, ...over }) => {
    const miningJobToken = aPoolToken({ account: accountKey('a'), expires, serial })
    const channel = { channelId: over.channelId, extranonceSize: 8 } as TestChannel
    return { ...aCustomJob(channel, { ...over, miningJobToken }), extranonceSize: 8 }
  })

/** A door or upstream of a role, and who may come through it. */
export interface HostilePort {
  readonly port: Port
  readonly protocol: 'mining' | 'negotiation' | 'templates'
  readonly roleIs: 'server' | 'client'
  /** What comes through it. */
  readonly messages: fc.Arbitrary<Message>
  /** How a polite peer begins. */
  readonly greeting: readonly Message[]
}

/** A role under fire. */
export interface Subject {
  readonly make: () => ConstructorParameters<typeof WireLink<{ kind: string }>>[0]
  readonly ports: readonly HostilePort[]
  readonly events: readonly { readonly kind: string; readonly [field: string]: unknown }[]
}

const MINERS_PORT: HostilePort = {
  port: { kind: 'miners' },
  protocol: 'mining',
  roleIs: 'server',
  messages: toPool,
  greeting: [aSetup(), ...(['standard', 'extended'] as const).map((kind) => openRequest(kind))],
}
const TEMPLATES_PORT: HostilePort = {
  port: { kind: 'templates' },
  protocol: 'templates',
  roleIs: 'client',
  messages: fromProvider,
  greeting: [
    { type: 'SetupConnection.Success', usedVersion: 2, flags: 0 },
    aTemplate({ templateId: 1n }),
    aTip({ templateId: 1n, nbits: NBITS_EASY }),
  ],
}
/** A client that brings its own jobs. */
const SELECTING_PORT: HostilePort = {
  ...MINERS_PORT,
  messages: fc.oneof({ weight: 3, arbitrary: toPool }, { weight: 1, arbitrary: customJobs }),
  greeting: [aSetup({ flags: 2 }), openRequest('extended'), openRequest('extended')],
}
const NEGOTIATOR_PORT: HostilePort = {
  port: { kind: 'negotiator', index: 0 },
  protocol: 'negotiation',
  roleIs: 'client',
  messages: fc.constantFrom<Message>(
    { type: 'SetupConnection.Success', usedVersion: 2, flags: 0 },
    { type: 'SetupConnection.Success', usedVersion: 3, flags: 0 },
    { type: 'SetupConnection.Error', flags: 0, errorCode: 'unsupported-protocol' },
  ),
  greeting: [{ type: 'SetupConnection.Success', usedVersion: 2, flags: 0 }],
}
const CLIENTS_PORT: HostilePort = {
  port: { kind: 'clients' },
  protocol: 'templates',
  roleIs: 'server',
  messages: toProvider,
  greeting: [aSetup({ protocol: 2 }), theConstraints({})],
}
const UNKNOWN = aTransaction()

/** Tokens that any server with the key takes, and messages that get far with them. */
const NEGOTIATION: readonly Message[] = [1, 2, 3, 4].flatMap((requestId) => {
  const template = aNodeTemplate({ prevHash: filled(1) })
  const client = aNegotiatorClient(aNegotiator(), current)
  const transactions = [...template.transactions, UNKNOWN]
  const plan = { template, requestId, ...(requestId % 2 === 0 ? { transactions } : {}) }
  return [
    aDeclaration(aToken(client).miningJobToken, plan),
    aCommit(aToken(client).miningJobToken, plan),
    aSolution(plan),
    {
      type: 'ProvideMissingTransactions.Success',
      requestId,
      transactionList: [UNKNOWN.data],
    },
  ]
})
const NEGOTIATION_PORT: HostilePort = {
  port: { kind: 'clients' },
  protocol: 'negotiation',
  roleIs: 'server',
  messages: fc.oneof(toNegotiator, fc.constantFrom(...NEGOTIATION)),
  greeting: [aSetup({ protocol: 1, flags: 1 })],
}
const UPSTREAM_PORT: HostilePort = {
  port: { kind: 'upstream' },
  protocol: 'mining',
  roleIs: 'client',
  messages: toDevice,
  greeting: [
    { type: 'SetupConnection.Success', usedVersion: 2, flags: 0 },
    {
      type: 'OpenExtendedMiningChannel.Success',
      requestId: 1,
      channelId: 2,
      target: filled(0xff),
      extranoncePrefix: filled(1, 4),
      extranonceSize: 8,
      groupChannelId: 1,
    },
  ],
}

/** An upstream of a proxy: it has granted a channel and told work, as far as it was asked. */
const ABOVE: HostilePort = {
  ...UPSTREAM_PORT,
  messages: fc.oneof({ weight: 3, arbitrary: toDevice }, { weight: 1, arbitrary: upstreamWork }),
  greeting: [
    ...UPSTREAM_PORT.greeting.slice(0, 1),
    { ...UPSTREAM_PORT.greeting[1]!, extranonceSize: 10 } as Message,
    anUpstreamJob(2, 1),
    {
      type: 'SetNewPrevHash',
      channelId: 2,
      jobId: 1,
      prevHash: filled(0xaa),
      minNtime: NTIME,
      nbits: NBITS_EASY,
    },
  ],
}
const PROXY_PORTS: readonly HostilePort[] = [
  MINERS_PORT,
  MINERS_PORT,
  { ...ABOVE, port: { kind: 'upstream', index: 0 } },
  { ...ABOVE, port: { kind: 'upstream', index: 1 } },
]
/** What a pool says to custom jobs. */
const fromPoolOfJobs: fc.Arbitrary<Message> = fc.record({ requestId: fc.nat(5), jobId: fc.nat(3) }).map(
  ({ requestId, jobId }): Message =>
    jobId === 0
      ? { type: 'SetCustomMiningJob.Error', channelId: 2, requestId, errorCode: 'stale-chain-tip' }
      : {
          type: 'SetCustomMiningJob.Success',
          channelId: 2,
          requestId,
          jobId,
          coinbaseTxPrefix: filled(jobId, 60),
          coinbaseTxSuffix: filled(jobId, 60),
        },
)

/** A negotiator server above: it has given tokens for the first two requests. */
const SERVER_ABOVE: HostilePort = {
  port: { kind: 'negotiator', index: 0 },
  protocol: 'negotiation',
  roleIs: 'client',
  messages: fromNegotiator,
  greeting: [
    { type: 'SetupConnection.Success', usedVersion: 2, flags: 0 },
    ...[1, 2].map(
      (requestId): Message => ({
        type: 'AllocateMiningJobToken.Success',
        requestId,
        miningJobToken: filled(requestId, 8),
        coinbaseTxOutputs: Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0x51),
      }),
    ),
  ],
}
const UNREACHABLE = [0, 1, 7].map((upstream) => ({ kind: 'unreachable', upstream }))
const PAIR_UNREACHABLE = [
  { kind: 'pool', index: 0 },
  { kind: 'negotiator', index: 0 },
  { kind: 'pool', index: 3 },
].map((upstream) => ({ kind: 'unreachable', upstream }))

const share = { kind: 'shareFound', version: 0x2000_0000, ntime: NTIME, nonce: 0, extranonce: filled(1, 8) }

const DEVICE_EVENTS = [
  ...[1, 2, 3, 4, 5].map((workId) => ({ ...share, workId })),
  { ...share, workId: 2, ntime: Number.NaN },
  { kind: 'hashed', hashes: 20_000 },
  { kind: 'stop' },
]

const NEGOTIATED_GREETING: readonly Message[] = [
  UPSTREAM_PORT.greeting[0]!,
  { type: 'RequestExtensions.Success', requestId: 1, supportedExtensions: [2] },
  ...UPSTREAM_PORT.greeting.slice(1),
]

export const SUBJECTS: Readonly<Record<string, Subject>> = {
  pool: {
    make: () => {
      const miners = { vardiff: true, maxChannels: 20, maxChannelsPerConnection: 5, minDifficulty: 2 ** -32 }
      return new Pool(poolSettings({ miners: { ...miners, startDifficulty: 2 ** -32 } }), {
        sha256d,
      }) as never
    },
    ports: [MINERS_PORT, MINERS_PORT, TEMPLATES_PORT],
    events: [
      { kind: 'drain', host: '', port: 0 },
      { kind: 'renewPrefix', session: 1, channelId: 2 },
      { kind: 'renewPrefix', session: 2, channelId: 3 },
      { kind: 'regroup', session: 1, channelIds: [2, 2, 3, 99] },
      { kind: 'regroup', session: 99, channelIds: [] },
    ],
  },
  'pool with custom work': {
    make: () =>
      new Pool(
        poolSettings({
          customWork: {
            maxUsedTokens: 3,
            uncheckedTrust: Number.POSITIVE_INFINITY,
            negotiators: [{ host: 'n.test', port: 1 }],
          },
        }),
        { sha256d, mac },
      ) as never,
    ports: [SELECTING_PORT, SELECTING_PORT, TEMPLATES_PORT, NEGOTIATOR_PORT],
    events: [
      { kind: 'renewPrefix', session: 1, channelId: 2 },
      { kind: 'regroup', session: 1, channelIds: [2, 3] },
    ],
  },
  provider: {
    make: () =>
      new Provider(
        {
          feeThreshold: 1n,
          minIntervalMs: 1_000,
          firstTemplateId: 0n,
          keptBytes: 2 ** 28,
          workMaxAgeMs: 60_000,
        },
        { sha256d },
      ) as never,
    ports: [CLIENTS_PORT],
    events: [1, 2, 3].map((tip) => ({
      kind: 'nodeTemplate',
      template: aNodeTemplate({ prevHash: filled(tip) }),
    })),
  },
  'job negotiator server': {
    make: () => aNegotiator({ limits: { failedSolutionsPerMinute: 50 } }).server as never,
    ports: [NEGOTIATION_PORT, NEGOTIATION_PORT],
    events: [
      { kind: 'nodeTemplate', template: aNodeTemplate({ prevHash: filled(1) }) },
      { kind: 'nodeTemplate', template: aNodeTemplate({ prevHash: filled(1), transactions: [UNKNOWN] }) },
      { kind: 'nodeTemplate', template: aNodeTemplate({ prevHash: filled(2), height: 200_001 }) },
      { kind: 'transactions', transactions: [UNKNOWN.data, filled(1), new Uint8Array(0)] },
      ...[1, 2, 3, 4].flatMap((proposalId) => [
        { kind: 'proposalChecked', proposalId, verdict: null },
        { kind: 'proposalChecked', proposalId, verdict: undefined },
        { kind: 'proposalChecked', proposalId, verdict: 'bad-cb-amount' },
      ]),
    ],
  },
  'job negotiator client': {
    make: () => new JobClientWorld({ pairs: 2, patience: { soloAfterMs: 0 } }).client as never,
    ports: [
      MINERS_PORT,
      TEMPLATES_PORT,
      {
        ...UPSTREAM_PORT,
        port: { kind: 'pool', index: 0 },
        messages: fc.oneof(toDevice, fromPoolOfJobs),
      },
      SERVER_ABOVE,
    ],
    events: [...PAIR_UNREACHABLE, { kind: 'drain', host: '', port: 0 }],
  },
  device: {
    make: () => new Device({ ...DEVICE, mode: 'extended' }, { sha256d }) as never,
    ports: [UPSTREAM_PORT],
    events: DEVICE_EVENTS,
  },
  'device with extensions': {
    make: () =>
      new Device({ ...DEVICE, mode: 'extended', extensions: [2], worker: 'rig' }, { sha256d }) as never,
    ports: [{ ...UPSTREAM_PORT, greeting: NEGOTIATED_GREETING }],
    events: DEVICE_EVENTS,
  },
  aggregator: {
    make: () =>
      new Aggregator(
        workSettings({
          upstreams: [{ share: 60 }, { share: 40 }],
          miners: { vardiff: true, maxChannels: 20, maxChannelsPerConnection: 5, startDifficulty: 2 ** -32 },
          repeatMs: 5_000,
          stopAfterMs: 5_000,
        }),
        { sha256d },
      ) as never,
    ports: PROXY_PORTS,
    events: UNREACHABLE,
  },
  'one upstream channel per miner': {
    make: () =>
      new Aggregator(workSettings({ upstreams: [{}, {}], aggregated: false, eager: false }), {
        sha256d,
      }) as never,
    ports: PROXY_PORTS,
    events: UNREACHABLE,
  },
  relay: {
    make: () => new Relay(relaySettings({ upstreams: [{}, {}], stopAfterMs: 5_000 }), { sha256d }) as never,
    ports: PROXY_PORTS,
    events: UNREACHABLE,
  },
}

/** A request for a channel. */
export function openRequest(kind: 'standard' | 'extended'): Message {
  const common = { requestId: 1, userIdentity: 'a', nominalHashRate: 0, maxTarget: MAX_TARGET }
  return kind === 'standard'
    ? { type: 'OpenStandardMiningChannel', ...common }
    : { type: 'OpenExtendedMiningChannel', ...common, minExtranonceSize: 4 }
}
