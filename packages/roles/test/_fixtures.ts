import {
  BIP54_COINBASE_SEQUENCE,
  concatBytes,
  difficultyToTarget,
  encodeOutput,
  nbitsToTarget,
  type Sha256d,
  sha256d,
  witnessCommitmentScript,
} from '@sv2/bitcoin'
import type { Edition, Message, NewTemplate, SetNewPrevHashTdp, SetupConnection } from '@sv2/messages'
import { current } from '@sv2/messages/current'
import { draft } from '@sv2/messages/draft'
import type { MinersSettings } from '@sv2/roles'
import type { TokenMac } from '@sv2/roles/custom-jobs'
import { Device, type DeviceEffect, type DeviceSettings } from '@sv2/roles/device'
import type { NodeTemplate } from '@sv2/roles/ground'
import { Pool, type PoolDeps, type PoolEffect, type PoolSettings } from '@sv2/roles/pool'
import { Provider, type ProviderEffect, type ProviderSettings } from '@sv2/roles/provider'
import { WireLink, type WirePeer } from '@sv2/sim'
import { test } from 'vitest'

/** A test that proves requirements in each edition they belong to, by the bytes of that edition. */
export function proves(
  ids: string,
  editions: 'both' | 'current' | 'draft',
  sentence: string,
  body: (edition: Edition) => void,
): void {
  const all = editions === 'both' ? [current, draft] : editions === 'current' ? [current] : [draft]
  for (const edition of all) test(`${ids} (${edition.name}): ${sentence}`, () => body(edition))
}

/** 2026-01-01, ms. */
export const NOW = 1_767_225_600_000

export const NTIME = NOW / 1000

/** A network target of difficulty 1: no share of these tests is a block. */
export const NBITS_HARD = 0x1d00ffff

/** Every other hash is a block. */
export const NBITS_EASY = 0x207fffff

/** 32 bytes that are all alike. */
export function filled(byte: number, length = 32): Uint8Array {
  return new Uint8Array(length).fill(byte)
}

export const IDENTIFICATION = {
  vendor: 'test',
  hardwareVersion: 'h1',
  firmware: 'f1',
  deviceId: '',
}

const endpoint = { host: 'pool.test', port: 3333 }

export const MINERS: MinersSettings = {
  extranonce: { serverId: Uint8Array.of(0, 7), leaseBytes: 4 },
  maxChannels: 1000,
  maxChannelsPerConnection: 100,
  sharesPerMinute: 12,
  shareBatchSize: 10,
  shareBatchMs: 1000,
  difficultySteps: 4,
  minDifficulty: 2 ** -32,
  startDifficulty: 2 ** -28,
  vardiff: false,
  extendedChannelsOnly: false,
  openChannelWithinMs: 60_000,
  onlyRefusalsMs: 180_000,
  extensions: { supported: new Set([2]), required: new Set() },
}

export const PAYOUT_SCRIPT = concatBytes(Uint8Array.of(0, 20), filled(0x42, 20))

export interface PoolOverrides {
  readonly miners?: Partial<MinersSettings>
  readonly versionRolling?: boolean
  readonly payout?: PoolSettings['payout']
  readonly jobRefreshMs?: number
  readonly customWork?: PoolSettings['customWork']
  readonly mac?: TokenMac
  readonly run?: PoolSettings['run']
  readonly usedTokens?: PoolDeps['usedTokens']
  readonly sharesTokens?: boolean
  readonly solutions?: PoolSettings['solutions']
  readonly maxUnrecordedShares?: number
  /** Template providers besides the preferred one. */
  readonly backups?: number
}

const PROVIDER = { host: 'tp.test', port: 8336 }

/** Settings of a pool, all but what matters left alone. */
export function poolSettings(overrides: PoolOverrides = {}): PoolSettings {
  return {
    miners: { ...MINERS, ...overrides.miners },
    versionRolling: overrides.versionRolling ?? true,
    rollableExtranonceSize: 8,
    fullExtranonceSize: 32,
    run: overrides.run,
    templates: {
      identification: IDENTIFICATION,
      endpoint: PROVIDER,
      backups: Array(overrides.backups ?? 0).fill(PROVIDER),
      outputSize: 43,
      outputSigops: 4,
      workMaxAgeMs: 120_000,
    },
    payout: overrides.payout ?? { mode: 'pool', script: PAYOUT_SCRIPT },
    coinbaseTag: new TextEncoder().encode('/t/'),
    jobRefreshMs: overrides.jobRefreshMs ?? 60_000,
    customWork: overrides.customWork,
    maxUnrecordedShares: overrides.maxUnrecordedShares,
    ...(overrides.solutions && { solutions: overrides.solutions }),
  }
}

const commitment = encodeOutput({
  value: 0n,
  script: witnessCommitmentScript(filled(0x77), filled(0), sha256d),
})

/** A template whose block has SegWit transactions. */
export function aTemplate(overrides: Partial<NewTemplate> = {}): NewTemplate {
  return {
    type: 'NewTemplate',
    templateId: 1n,
    futureTemplate: true,
    version: 0x20000000,
    coinbaseTxVersion: 2,
    coinbasePrefix: Uint8Array.of(3, 0x40, 0x0d, 0x03),
    coinbaseTxInputSequence: BIP54_COINBASE_SEQUENCE,
    coinbaseTxValueRemaining: 312_500_000n,
    coinbaseTxOutputsCount: 1,
    coinbaseTxOutputs: commitment,
    coinbaseTxLocktime: 199_999,
    merklePath: [filled(0x11), filled(0x22)],
    ...overrides,
  }
}

/** The tip that `aTemplate` waits for. */
export function aTip(overrides: Partial<SetNewPrevHashTdp> = {}): SetNewPrevHashTdp {
  const nbits = overrides.nbits ?? NBITS_HARD
  return {
    type: 'SetNewPrevHashTdp',
    templateId: 1n,
    prevHash: filled(0xaa),
    headerTimestamp: NTIME,
    nbits,
    target: nbitsToTarget(nbits),
    ...overrides,
  }
}

/** A pool on virtual time with its template provider played by the test. */
export interface PoolWorld {
  readonly link: WireLink<PoolEffect>
  readonly templates: WirePeer
  /** Sends a template and, unless told otherwise, the tip that names it. */
  tip(template?: Partial<NewTemplate>, tip?: Partial<SetNewPrevHashTdp>): void
}

/** A pool whose template provider has connected; with a first tip unless `tip` is false. */
export function aPool(
  edition: Edition,
  overrides: PoolOverrides & { readonly tip?: boolean; readonly hash?: Sha256d } = {},
): PoolWorld {
  const pool = new Pool(poolSettings(overrides), {
    sha256d: overrides.hash ?? sha256d,
    mac: overrides.mac,
    usedTokens: overrides.usedTokens,
    sharesTokens: overrides.sharesTokens,
  })
  const link = new WireLink<PoolEffect>(pool as never, NOW)
  const templates = connectTemplates(link, edition)
  const world: PoolWorld = {
    link,
    templates,
    tip(template = {}, tip = {}) {
      const sent = aTemplate(template)
      templates.send(sent, aTip({ templateId: sent.templateId, ...tip }))
    },
  }
  if (overrides.tip !== false) world.tip()
  return world
}

/** Plays the template provider of a pool, or one of its backups, up to its constraints. */
export function connectTemplates(link: WireLink<PoolEffect>, edition: Edition, backup?: number): WirePeer {
  const templates = link.connect({
    port: backup === undefined ? { kind: 'templates' } : { kind: 'backupTemplates', index: backup },
    edition,
    protocol: 'templates',
    plays: 'server',
  })
  templates.send({ type: 'SetupConnection.Success', usedVersion: 2, flags: 0 })
  return templates
}

/** A client's first message. */
export function aSetup(overrides: Partial<SetupConnection> = {}): SetupConnection {
  return {
    type: 'SetupConnection',
    protocol: 0,
    minVersion: 2,
    maxVersion: 2,
    flags: 0,
    endpointHost: endpoint.host,
    endpointPort: endpoint.port,
    ...IDENTIFICATION,
    ...overrides,
  }
}

/** A provider on virtual time. */
export function aProvider(
  overrides: Partial<ProviderSettings> = {},
): WireLink<ProviderEffect> & { node(template: NodeTemplate): void } {
  const provider = new Provider(
    {
      feeThreshold: 1000n,
      minIntervalMs: 5_000,
      firstTemplateId: 100n,
      keptBytes: 2 ** 28,
      workMaxAgeMs: 60_000,
      ...overrides,
    },
    { sha256d },
  )
  const link = new WireLink<ProviderEffect>(provider as never, NOW)
  return Object.assign(link, {
    node: (template: NodeTemplate) =>
      link.perform(provider.handle({ kind: 'nodeTemplate', template }, link.now)),
  })
}

/** Plays a client of the provider; it has told its constraints unless there are none. */
export function aTemplateClient(
  link: WireLink<ProviderEffect>,
  edition: Edition,
  constraints: { readonly size?: number; readonly sigops?: number } | 'none' = {},
): WirePeer {
  const client = link.connect({ port: { kind: 'clients' }, edition, protocol: 'templates', plays: 'client' })
  client.send(aSetup({ protocol: 2 }))
  if (constraints !== 'none') client.send(theConstraints(constraints))
  return client
}

export function theConstraints(constraints: { readonly size?: number; readonly sigops?: number }): Message {
  return {
    type: 'CoinbaseOutputConstraints',
    coinbaseOutputMaxAdditionalSize: constraints.size ?? 100,
    coinbaseOutputMaxAdditionalSigops: constraints.sigops ?? 400,
  }
}

/** A device on virtual time, its server played by the test. */
export interface DeviceWorld {
  readonly link: WireLink<DeviceEffect>
  readonly server: WirePeer
}

export const DEVICE: DeviceSettings = {
  identification: { vendor: 'acme', hardwareVersion: 'rig 2', firmware: '1.2.3', deviceId: '' },
  endpoint,
  userIdentity: 'alice.1',
  mode: 'standard',
  nominalHashrate: 5_000,
  minExtranonceSize: 4,
}

/** A device that has dialed; nothing is answered yet. */
export function aDevice(edition: Edition, overrides: Partial<DeviceSettings> = {}): DeviceWorld {
  const device = new Device({ ...DEVICE, ...overrides }, { sha256d })
  const link = new WireLink<DeviceEffect>(device as never, NOW)
  return { link, server: dialed(link, edition) }
}

/** The device's connection as the server sees it. */
export function dialed(link: WireLink<DeviceEffect>, edition: Edition): WirePeer {
  return link.connect({ port: { kind: 'upstream' }, edition, protocol: 'mining', plays: 'server' })
}

/** About one hash in sixteen. */
export const EASY_TARGET = difficultyToTarget(2 ** -28)
