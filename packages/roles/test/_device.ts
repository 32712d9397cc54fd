import { concatBytes, merkleRootFromPath, sha256d } from '@sv2/bitcoin'
import type { Edition, NewExtendedMiningJob, NewMiningJob, SetNewPrevHash } from '@sv2/messages'
import type { DeviceSettings, FoundShare, Work } from '@sv2/roles/device'
import { aDevice, type DeviceWorld, EASY_TARGET, filled, NBITS_HARD, NTIME } from './_fixtures.ts'
import { findShare } from './_test-miner.ts'

/** Ids and prefix of the one channel a server opens in these tests. */
export const CHANNEL = 5
export const GROUP = 9
export const PREFIX = Uint8Array.of(1, 2, 3)

/** That channel, for finding shares. */
export function channelOf(kind: 'standard' | 'extended') {
  return {
    kind,
    channelId: CHANNEL,
    groupId: GROUP,
    extranonceSize: kind === 'extended' ? 6 : 0,
    prefix: PREFIX,
    target: EASY_TARGET,
  }
}

/** Plays the server up to the open channel. */
export function open(server: DeviceWorld['server'], kind: 'standard' | 'extended', flags: number): void {
  server.send({ type: 'SetupConnection.Success', usedVersion: 2, flags })
  const common = {
    requestId: 1,
    channelId: CHANNEL,
    target: EASY_TARGET,
    extranoncePrefix: PREFIX,
    groupChannelId: GROUP,
  }
  server.send(
    kind === 'extended'
      ? { type: 'OpenExtendedMiningChannel.Success', ...common, extranonceSize: 6 }
      : { type: 'OpenStandardMiningChannel.Success', ...common },
  )
  server.received()
}

/** A device with an open channel. */
export function opened(edition: Edition, overrides: Partial<DeviceSettings> = {}, flags = 0): DeviceWorld {
  const world = aDevice(edition, overrides)
  open(world.server, overrides.mode === 'extended' ? 'extended' : 'standard', flags)
  return world
}

/** A device at work on job 1. */
export function working(edition: Edition, overrides: Partial<DeviceSettings> = {}): DeviceWorld {
  const world = opened(edition, overrides)
  world.server.send(aJob({ jobId: 1 }), aPrevHash({ jobId: 1 }))
  return world
}

/** A future job unless told otherwise. */
export function aJob(overrides: Partial<NewMiningJob> = {}): NewMiningJob {
  return {
    type: 'NewMiningJob',
    channelId: CHANNEL,
    jobId: 1,
    minNtime: undefined,
    version: 0x2000_0000,
    merkleRoot: filled(0x33),
    ...overrides,
  }
}

/** A future extended job unless told otherwise. */
export function anExtendedJob(overrides: Partial<NewExtendedMiningJob> = {}): NewExtendedMiningJob {
  return {
    type: 'NewExtendedMiningJob',
    channelId: CHANNEL,
    jobId: 1,
    minNtime: undefined,
    version: 0x2000_0000,
    versionRollingAllowed: true,
    merklePath: [filled(0x11), filled(0x22)],
    coinbaseTxPrefix: filled(0xc1, 50),
    coinbaseTxSuffix: filled(0xc2, 60),
    ...overrides,
  }
}

/** The merkle root of `anExtendedJob` for a full extranonce. */
export function rootWith(extranonce: Uint8Array): Uint8Array {
  const coinbase = concatBytes(filled(0xc1, 50), extranonce, filled(0xc2, 60))
  return merkleRootFromPath(sha256d(coinbase), [filled(0x11), filled(0x22)], sha256d)
}

/** The tip that names job 1 unless told otherwise. */
export function aPrevHash(overrides: Partial<SetNewPrevHash> = {}): SetNewPrevHash {
  return {
    type: 'SetNewPrevHash',
    channelId: CHANNEL,
    jobId: 1,
    prevHash: filled(0xaa),
    minNtime: NTIME,
    nbits: NBITS_HARD,
    ...overrides,
  }
}

export const orders = new WeakMap<DeviceWorld['link'], (Work | undefined)[]>()

/** The works ordered since the last call; `all`: since the start; `last`: the present order. */
export function works(link: DeviceWorld['link']): Work[]

export function works(link: DeviceWorld['link'], which: 'all'): Work[]

export function works(link: DeviceWorld['link'], which: 'last'): Work | undefined

export function works(link: DeviceWorld['link'], which?: 'all' | 'last'): Work[] | Work | undefined {
  const fresh = link.factsOf('work').map(({ work }) => work)
  const all = [...(orders.get(link) ?? []), ...fresh]
  orders.set(link, all)
  if (which === 'last') return all.at(-1)
  return (which === 'all' ? all : fresh).filter((work) => work !== undefined)
}

/** A good share of a work, found by hashing. */
export function foundShare(work: Work, overrides: Partial<FoundShare> = {}): FoundShare {
  const extranonce = filled(0x5a, work.extranonceSize)
  const job =
    work.extranonceSize === 0
      ? aJob({ version: work.version, merkleRoot: work.merkleRoot })
      : anExtendedJob({ version: work.version })
  const { nonce, ntime, version } = findShare(
    { ...channelOf(work.extranonceSize === 0 ? 'standard' : 'extended'), target: work.target },
    {
      job,
      tip: { prevHash: work.prevHash, minNtime: work.ntime, nbits: work.nbits },
      extranonce,
      ...overrides,
    },
  )
  return { workId: work.workId, nonce, ntime, version, extranonce }
}

/** The event of a good share. */
export function found(work: Work, overrides: Partial<FoundShare> = {}): { kind: 'shareFound' } & FoundShare {
  return { kind: 'shareFound', ...foundShare(work, overrides) }
}
