import { concatBytes, MAX_TARGET, merkleRootFromPath, sha256d } from '@sv2/bitcoin'
import { current } from '@sv2/messages/current'
import { describe, expect, test } from 'vitest'
import {
  aJob,
  anExtendedJob,
  aPrevHash,
  CHANNEL,
  channelOf,
  found,
  foundShare,
  GROUP,
  open,
  opened,
  PREFIX,
  rootWith,
  working,
  works,
} from '../_device.ts'
import { aDevice, dialed, EASY_TARGET, filled, NBITS_HARD, NTIME, proves } from '../_fixtures.ts'
import { findShare } from '../_test-miner.ts'

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

  test('time without work is no part of the rate that is declared afterwards', () => {
    const { link, server } = working(current)
    const hash = (seconds: number) => {
      for (let second = 0; second < seconds; second++) {
        link.advance(1_000)
        link.tell({ kind: 'hashed', hashes: 5_000 })
      }
    }
    hash(30)
    server.disconnect()
    link.advance(600_000)
    link.takeFacts()
    const next = dialed(link, current)
    open(next, 'standard', 0)
    next.send(aJob({ jobId: 1 }), aPrevHash({ jobId: 1 }))
    // what was under way at the end of the old work comes first
    link.tell({ kind: 'hashed', hashes: 10 })
    hash(30)
    const rates = link.factsOf('hashrateMeasured').map(({ hashrate }) => hashrate)
    expect(rates.length).toBeGreaterThan(1)
    for (const rate of rates) expect(rate).toBeCloseTo(5_000)
    expect(next.receivedOf('UpdateChannel')).toEqual([])
  })

  test('a new tip does not start the measuring anew', () => {
    const { link, server } = working(current)
    link.takeFacts()
    for (let second = 0; second < 40; second++) {
      link.advance(1_000)
      link.tell({ kind: 'hashed', hashes: 5_000 })
      server.send(aJob({ jobId: 2 }), aPrevHash({ jobId: 2, prevHash: filled(second) }))
    }
    expect(link.factsOf('hashrateMeasured').length).toBeGreaterThan(2)
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
