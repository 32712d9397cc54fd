import { concatBytes, difficultyToTarget, MAX_TARGET, merkleRootFromPath, sha256d } from '@sv2/bitcoin'
import { encodeFrame } from '@sv2/codec'
import type { Edition, NewExtendedMiningJob, NewMiningJob, SetNewPrevHash } from '@sv2/messages'
import { current } from '@sv2/messages/current'
import type { DeviceSettings, FoundShare, Work } from '@sv2/roles/device'
import { describe, expect, test } from 'vitest'
import {
  aDevice,
  type DeviceWorld,
  dialed,
  EASY_TARGET,
  filled,
  findShare,
  NBITS_HARD,
  NTIME,
  proves,
} from './_fixtures.ts'

const CHANNEL = 5
const GROUP = 9
const PREFIX = Uint8Array.of(1, 2, 3)

describe('opening', () => {
  proves(
    'DEV-01, DEV-02, DEV-03, DEV-04',
    'both',
    'a channel is asked for right after setup, with the hash rate',
    (edition) => {
      for (const mode of ['standard', 'grouped', 'extended'] as const) {
        const { server } = aDevice(edition, { mode, nominalHashrate: 123_456 })
        server.received()
        server.send({ type: 'SetupConnection.Success', usedVersion: 2, flags: 0 })
        const opens = server.received()
        expect(opens).toMatchObject([
          {
            type: mode === 'extended' ? 'OpenExtendedMiningChannel' : 'OpenStandardMiningChannel',
            userIdentity: 'alice.1',
            nominalHashRate: 123_456,
            maxTarget: MAX_TARGET,
          },
        ])
        // a second Success does not make it ask again: one request, one id
        server.send({ type: 'SetupConnection.Success', usedVersion: 2, flags: 0 })
        expect(server.received()).toEqual([])
      }
    },
  )

  proves('DEV-05', 'both', 'no standard channel where the server requires extended ones', (edition) => {
    for (const mode of ['standard', 'grouped'] as const) {
      const { server } = aDevice(edition, { mode })
      server.received()
      server.send({ type: 'SetupConnection.Success', usedVersion: 2, flags: 2 })
      expect(server.received()).toEqual([])
      expect(server.closed).toBeDefined()
    }
  })

  proves('DEV-02', 'both', 'the measured hash rate is told when it is another', (edition) => {
    const { link, server } = opened(edition)
    server.received()
    for (let second = 0; second < 30; second++) {
      link.advance(1_000)
      link.tell({ kind: 'hashed', hashes: 20_000 })
    }
    const [update, ...more] = server.receivedOf('UpdateChannel')
    expect(update).toMatchObject({ channelId: CHANNEL })
    expect(update!.nominalHashRate).toBeCloseTo(20_000, -3)
    expect(more).toEqual([])
  })

  test.each([
    ['less extranonce than it asked for', { extranonceSize: 3, extranoncePrefix: PREFIX }],
    ['more extranonce than a coinbase takes', { extranonceSize: 30, extranoncePrefix: PREFIX }],
  ])('a server that grants %s is left', (_, grant) => {
    const { server } = aDevice(current, { mode: 'extended' })
    server.send({ type: 'SetupConnection.Success', usedVersion: 2, flags: 0 })
    server.send({
      type: 'OpenExtendedMiningChannel.Success',
      requestId: 1,
      channelId: CHANNEL,
      target: EASY_TARGET,
      groupChannelId: GROUP,
      ...grant,
    })
    expect(server.closed).toContain('extranonce')
  })
})

describe('jobs', () => {
  proves('DEV-06', 'both', 'a job for the present tip is started at once', (edition) => {
    const { link, server } = working(edition)
    server.send(aJob({ jobId: 2, minNtime: NTIME + 5, version: 0x2000_0001 }))
    expect(works(link, 'last')).toMatchObject({ version: 0x2000_0001, prevHash: filled(0xaa) })
  })

  proves('DEV-07', 'current', 'its min_ntime is the first time used', (edition) => {
    const { link, server } = working(edition)
    server.send(aJob({ jobId: 2, minNtime: NTIME + 5 }))
    expect(works(link, 'last')).toMatchObject({ ntime: NTIME + 5 })
  })

  proves(
    'DEV-08, DEV-09',
    'both',
    'future jobs wait until SetNewPrevHash names one, which starts at once',
    (edition) => {
      const { link, server } = opened(edition)
      server.send(
        aJob({ jobId: 1, version: 0x2000_0001 }),
        aJob({ jobId: 2, version: 0x2000_0002 }),
        aJob({ jobId: 3, version: 0x2000_0003 }),
      )
      expect(works(link)).toEqual([])
      server.send(aPrevHash({ jobId: 2 }))
      expect(works(link)).toMatchObject([
        { version: 0x2000_0002, prevHash: filled(0xaa), nbits: NBITS_HARD, ntime: NTIME },
      ])
    },
  )

  proves(
    'DEV-10',
    'both',
    'all other jobs are invalid with the new tip, and work on the old one is dropped',
    (edition) => {
      const { link, server } = working(edition)
      const old = works(link, 'all').at(-1)!
      server.send(aJob({ jobId: 2 }), aJob({ jobId: 3 }))
      server.send(aPrevHash({ jobId: 2, prevHash: filled(0xbb) }))
      server.received()
      link.tell(found(old))
      expect(server.received()).toEqual([])
      // job 3 went with that tip
      link.takeFacts()
      server.send(aPrevHash({ jobId: 3, prevHash: filled(0xcc) }))
      expect(link.takeFacts()).toMatchObject([
        { kind: 'work', work: undefined },
        { kind: 'newPrevHash' },
        { kind: 'messageIgnored', reason: 'job 3 is unknown' },
      ])
    },
  )

  proves('DEV-09', 'both', 'the jobs of a group are those of its channels', (edition) => {
    const { link, server } = opened(edition, { mode: 'grouped' })
    server.send(anExtendedJob({ channelId: GROUP, jobId: 1 }), aPrevHash({ channelId: GROUP, jobId: 1 }))
    expect(works(link)).toMatchObject([{ extranonceSize: 0, merkleRoot: rootWith(PREFIX) }])
  })

  proves(
    'DEV-24',
    'both',
    'the coinbase is prefix, extranonce prefix, extranonce and suffix, its root folded along the path',
    (edition) => {
      const { link, server } = opened(edition, { mode: 'extended' })
      server.send(anExtendedJob({ jobId: 1 }), aPrevHash({ jobId: 1 }))
      const [work] = works(link)
      const share = foundShare(work!)
      link.tell({ kind: 'shareFound', ...share })
      const [submitted] = server.receivedOf('SubmitSharesExtended')
      // judged by what was sent, not by what the device made of it
      const again = findShare(
        { ...channelOf('extended'), target: EASY_TARGET },
        { job: anExtendedJob({ jobId: 1 }), tip: aPrevHash({ jobId: 1 }), extranonce: submitted!.extranonce },
      )
      expect(again.jobId).toBe(1)
      const coinbase = concatBytes(filled(0xc1, 50), PREFIX, submitted!.extranonce, filled(0xc2, 60))
      const root = merkleRootFromPath(sha256d(coinbase), [filled(0x11), filled(0x22)], sha256d)
      const standard = opened(edition)
      standard.server.send(aJob({ jobId: 1, merkleRoot: root }), aPrevHash({ jobId: 1 }))
      standard.link.tell({ kind: 'shareFound', ...share, extranonce: new Uint8Array(0) })
      // the same nonce on that root is the same share
      expect(standard.server.receivedOf('SubmitSharesStandard')).toHaveLength(1)
    },
  )

  proves('DEV-12', 'both', 'rollable bits that a job has set may be rolled away', (edition) => {
    const { link, server } = opened(edition)
    const mask = edition.capabilities.versionRollingMask
    server.send(aJob({ jobId: 1, version: (0x2000_0000 | mask) >>> 0 }), aPrevHash({ jobId: 1 }))
    const [work] = works(link)
    expect(work!.versionMask).toBe(mask)
    link.tell(found(work!, { version: 0x2000_0000 }))
    expect(server.receivedOf('SubmitSharesStandard')).toMatchObject([{ version: 0x2000_0000 }])
  })

  proves('DEV-13', 'both', 'without version_rolling_allowed the version is used as given', (edition) => {
    const { link, server } = opened(edition, { mode: 'extended' })
    server.send(anExtendedJob({ jobId: 1, versionRollingAllowed: false }), aPrevHash({ jobId: 1 }))
    const [work] = works(link)
    expect(work).toMatchObject({ versionMask: 0, version: 0x2000_0000 })
    link.tell(found(work!, { version: 0x2000_2000 }))
    link.tell(found(work!))
    expect(server.receivedOf('SubmitSharesExtended')).toMatchObject([{ version: 0x2000_0000 }])
  })

  proves('DEV-14', 'both', 'with REQUIRES_FIXED_VERSION no job is rolled', (edition) => {
    for (const mode of ['standard', 'extended'] as const) {
      const { link, server } = opened(edition, { mode }, 1)
      const job = mode === 'standard' ? aJob({ jobId: 1 }) : anExtendedJob({ jobId: 1 })
      server.send(job, aPrevHash({ jobId: 1 }))
      expect(works(link)).toMatchObject([{ versionMask: 0 }])
    }
  })
})

describe('shares', () => {
  proves('DEV-11', 'both', 'on a standard job only version, nonce and nTime are rolled', (edition) => {
    const { link, server } = working(edition)
    const [work] = works(link, 'all')
    expect(work).toMatchObject({ extranonceSize: 0, coinbasePrefix: new Uint8Array(0) })
    const mask = edition.capabilities.versionRollingMask
    for (let bit = 0; bit < 32; bit++) {
      const flag = (1 << bit) >>> 0
      link.tell(found(work!, { version: (0x2000_0000 ^ flag) >>> 0 }))
      expect(server.receivedOf('SubmitSharesStandard')).toHaveLength((mask & flag) === 0 ? 0 : 1)
    }
    link.tell({ ...found(work!), extranonce: filled(1, 4) })
    expect(server.received()).toEqual([])
  })

  proves(
    'DEV-15, DEV-16',
    'both',
    'nTime may advance with the seconds since SetNewPrevHash, never faster nor back',
    (edition) => {
      const { link, server } = working(edition)
      const [work] = works(link, 'all')
      link.advance(3_500)
      for (let ntime = NTIME - 2; ntime <= NTIME + 6; ntime++) link.tell(found(work!, { ntime }))
      const times = server.receivedOf('SubmitSharesStandard').map((share) => share.ntime)
      expect(times).toEqual([NTIME, NTIME + 1, NTIME + 2, NTIME + 3])
    },
  )

  proves('DEV-17', 'both', 'the extranonce has exactly the negotiated size', (edition) => {
    const { link, server } = opened(edition, { mode: 'extended' })
    server.send(anExtendedJob({ jobId: 1 }), aPrevHash({ jobId: 1 }))
    const [work] = works(link)
    expect(work!.extranonceSize).toBe(6)
    for (const size of [0, 5, 7, 6]) {
      const longer = { ...work!, extranonceSize: size }
      link.tell({ kind: 'shareFound', ...foundShare(longer) })
    }
    const sizes = server.receivedOf('SubmitSharesExtended').map(({ extranonce }) => extranonce.length)
    expect(sizes).toEqual([6])
  })

  proves('DEV-18', 'both', 'sequence numbers are unique, over reconnects too', (edition) => {
    const { link, server } = working(edition)
    const [work] = works(link, 'all')
    for (let share = 0; share < 5; share++) link.tell(found(work!))
    const numbers = server.receivedOf('SubmitSharesStandard').map(({ sequenceNumber }) => sequenceNumber)
    server.disconnect()
    const again = dialed(link, edition)
    open(again, 'standard', 0)
    again.send(aJob({ jobId: 1 }), aPrevHash({ jobId: 1 }))
    const next = works(link, 'all').at(-1)!
    for (let share = 0; share < 5; share++) link.tell(found(next))
    numbers.push(...again.receivedOf('SubmitSharesStandard').map(({ sequenceNumber }) => sequenceNumber))
    expect(new Set(numbers).size).toBe(10)
  })

  proves('DEV-19', 'both', 'only shares at or below the target are submitted', (edition) => {
    const { link, server } = working(edition)
    const [work] = works(link, 'all')
    for (let nonce = 0; nonce < 2_000; nonce++) {
      link.tell({ ...foundShare(work!), kind: 'shareFound', nonce })
    }
    const shares = server.receivedOf('SubmitSharesStandard')
    // one hash in sixteen meets it
    expect(shares.length).toBeGreaterThan(60)
    expect(shares.length).toBeLessThan(250)
    expect(link.factsOf('shareDropped')).toHaveLength(2_000 - shares.length)
  })

  proves(
    'DEV-20',
    'both',
    'a new target is used for future and later jobs, the present one keeps its own',
    (edition) => {
      for (const channelId of edition.capabilities.groupsExtendedChannels ? [CHANNEL, GROUP] : [CHANNEL]) {
        const { link, server } = working(edition, { mode: 'grouped' })
        const harder = difficultyToTarget(2 ** -20)
        server.send(aJob({ jobId: 2 }))
        server.send({ type: 'SetTarget', channelId, maximumTarget: harder })
        expect(works(link, 'all')).toMatchObject([{ target: EASY_TARGET }])
        server.send(aPrevHash({ jobId: 2, prevHash: filled(0xbb) }))
        expect(works(link).at(-1)).toMatchObject({ target: harder })
        server.send(aJob({ jobId: 3, minNtime: NTIME }))
        expect(works(link).at(-1)).toMatchObject({ target: harder })
      }
    },
  )

  proves('POOL-47', 'both', 'SetTarget on a group id holds for a channel of the group', (edition) => {
    const { link, server } = opened(edition, { mode: 'grouped' })
    const harder = difficultyToTarget(2 ** -20)
    server.send({ type: 'SetTarget', channelId: GROUP, maximumTarget: harder })
    server.send(anExtendedJob({ channelId: GROUP, jobId: 1 }), aPrevHash({ channelId: GROUP, jobId: 1 }))
    expect(works(link)).toMatchObject([{ target: harder }])
  })

  proves('DEV-21', 'both', 'a new extranonce prefix is used for jobs received afterwards', (edition) => {
    const { link, server } = opened(edition, { mode: 'grouped' })
    const renewed = Uint8Array.of(7, 7, 7)
    server.send(anExtendedJob({ channelId: GROUP, jobId: 1 }))
    server.send({ type: 'SetExtranoncePrefix', channelId: CHANNEL, extranoncePrefix: renewed })
    server.send(anExtendedJob({ channelId: GROUP, jobId: 2 }))
    server.send(aPrevHash({ channelId: GROUP, jobId: 1 }))
    expect(works(link).at(-1)).toMatchObject({ merkleRoot: rootWith(PREFIX) })
    const other = opened(edition, { mode: 'grouped' })
    other.server.send({ type: 'SetExtranoncePrefix', channelId: CHANNEL, extranoncePrefix: renewed })
    other.server.send(
      anExtendedJob({ channelId: GROUP, jobId: 2 }),
      aPrevHash({ channelId: GROUP, jobId: 2 }),
    )
    expect(works(other.link).at(-1)).toMatchObject({ merkleRoot: rootWith(renewed) })
  })
})

describe('ends', () => {
  proves('DEV-22', 'both', 'CloseChannel is sent at the end of operation', (edition) => {
    const { link, server } = working(edition)
    server.received()
    link.tell({ kind: 'stop' })
    expect(server.received()).toMatchObject([{ type: 'CloseChannel', channelId: CHANNEL }])
    expect(server.closed).toBe('end of operation')
    expect(works(link, 'last')).toBeUndefined()
  })

  proves('DEV-23', 'both', 'CloseChannel from the server stops the work', (edition) => {
    const { link, server } = working(edition)
    const [work] = works(link, 'all')
    server.received()
    server.send({ type: 'CloseChannel', channelId: CHANNEL, reasonCode: 'maintenance' })
    expect(works(link, 'last')).toBeUndefined()
    link.tell(found(work!))
    server.send(aJob({ jobId: 2, minNtime: NTIME }))
    expect(server.received()).toEqual([])
    expect(works(link, 'last')).toBeUndefined()
  })

  proves('DEV-30', 'both', 'Reconnect is followed: empty fields mean the same place', (edition) => {
    for (const [newHost, newPort] of [
      ['', 0],
      ['other.pool', 0],
      ['', 4444],
      ['other.pool', 4444],
    ] as const) {
      const { link, server } = working(edition)
      server.send({ type: 'Reconnect', newHost, newPort })
      expect(link.factsOf('redial')).toEqual([{ kind: 'redial', host: newHost, port: newPort }])
      expect(server.closed).toBe('reconnect asked for')
    }
  })

  proves('EXT-03', 'both', 'frames of unknown extensions are ignored', (edition) => {
    const { link, server } = working(edition)
    server.received()
    const before = link.takeFacts().length
    expect(before).toBeGreaterThan(0)
    for (const channelMsg of [false, true])
      server.sendFrame(encodeFrame(0x4001, channelMsg, 0x21, concatBytes(filled(5, 1), filled(0, 35))))
    expect(link.takeFacts()).toEqual([])
    expect(server.received()).toEqual([])
    expect(server.closed).toBeUndefined()
  })

  test('messages for channels that are not its own change nothing', () => {
    const { link, server } = working(current)
    link.takeFacts()
    server.send({ type: 'SetTarget', channelId: 77, maximumTarget: filled(1) })
    server.send({ type: 'CloseChannel', channelId: 77, reasonCode: '' })
    server.send(aJob({ channelId: 77, jobId: 9, minNtime: NTIME }))
    expect(link.takeFacts().map(({ kind }) => kind)).toEqual(Array(3).fill('messageIgnored'))
  })

  test('a lost connection of an earlier session does not stop the work of this one', () => {
    const { link, server } = aDevice(current)
    const second = dialed(link, current)
    open(second, 'standard', 0)
    second.send(aJob({ jobId: 1 }), aPrevHash({ jobId: 1 }))
    server.disconnect()
    expect(works(link, 'last')).toBeDefined()
  })
})

function channelOf(kind: 'standard' | 'extended') {
  return {
    kind,
    channelId: CHANNEL,
    groupId: GROUP,
    extranonceSize: kind === 'extended' ? 6 : 0,
    prefix: PREFIX,
    target: EASY_TARGET,
  }
}

function open(server: DeviceWorld['server'], kind: 'standard' | 'extended', flags: number): void {
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
function opened(edition: Edition, overrides: Partial<DeviceSettings> = {}, flags = 0): DeviceWorld {
  const world = aDevice(edition, overrides)
  open(world.server, overrides.mode === 'extended' ? 'extended' : 'standard', flags)
  return world
}

/** A device at work on job 1. */
function working(edition: Edition, overrides: Partial<DeviceSettings> = {}): DeviceWorld {
  const world = opened(edition, overrides)
  world.server.send(aJob({ jobId: 1 }), aPrevHash({ jobId: 1 }))
  return world
}

function aJob(overrides: Partial<NewMiningJob> = {}): NewMiningJob {
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

function anExtendedJob(overrides: Partial<NewExtendedMiningJob> = {}): NewExtendedMiningJob {
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

function rootWith(extranonce: Uint8Array): Uint8Array {
  const coinbase = concatBytes(filled(0xc1, 50), extranonce, filled(0xc2, 60))
  return merkleRootFromPath(sha256d(coinbase), [filled(0x11), filled(0x22)], sha256d)
}

function aPrevHash(overrides: Partial<SetNewPrevHash> = {}): SetNewPrevHash {
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

const orders = new WeakMap<DeviceWorld['link'], (Work | undefined)[]>()

/** The works ordered since the last call; `all`: since the start; `last`: the present order. */
function works(link: DeviceWorld['link']): Work[]
function works(link: DeviceWorld['link'], which: 'all'): Work[]
function works(link: DeviceWorld['link'], which: 'last'): Work | undefined
function works(link: DeviceWorld['link'], which?: 'all' | 'last'): Work[] | Work | undefined {
  const fresh = link.factsOf('work').map(({ work }) => work)
  const all = [...(orders.get(link) ?? []), ...fresh]
  orders.set(link, all)
  if (which === 'last') return all.at(-1)
  return (which === 'all' ? all : fresh).filter((work) => work !== undefined)
}

/** A good share of a work, found by hashing. */
function foundShare(work: Work, overrides: Partial<FoundShare> = {}): FoundShare {
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

function found(work: Work, overrides: Partial<FoundShare> = {}): { kind: 'shareFound' } & FoundShare {
  return { kind: 'shareFound', ...foundShare(work, overrides) }
}
