import { hex, MAX_TARGET } from '@sv2/bitcoin'
import { MINING_SETUP_FLAGS } from '@sv2/messages'
import { current } from '@sv2/messages/current'
import { describe, expect, test } from 'vitest'
import { aPool, aTemplate, aTip, connectTemplates, filled, NTIME, proves } from '../_fixtures.ts'
import { space, types } from '../_pool-jobs.ts'
import { type TestChannel, TestMiner } from '../_test-miner.ts'

const { REQUIRES_STANDARD_JOBS, REQUIRES_WORK_SELECTION } = MINING_SETUP_FLAGS

describe('the first job', () => {
  proves(
    'POOL-38, POOL-40, POOL-42',
    'current',
    'a new channel gets a future job, then the tip that names it',
    (edition) => {
      const { link } = aPool(edition)
      for (const flags of [0, REQUIRES_STANDARD_JOBS]) {
        for (const kind of ['standard', 'extended'] as const) {
          if (kind === 'extended' && flags !== 0) continue
          const miner = new TestMiner(link, edition, flags)
          const { channelId } = miner.open(kind)
          const [success, job, tip, ...rest] = miner.log.slice(1)
          expect(success?.type).toBe(
            kind === 'standard' ? 'OpenStandardMiningChannel.Success' : 'OpenExtendedMiningChannel.Success',
          )
          expect(job).toMatchObject({ channelId, minNtime: undefined })
          expect(tip).toMatchObject({ type: 'SetNewPrevHash', channelId, minNtime: NTIME })
          expect(tip).toHaveProperty('jobId', job && 'jobId' in job ? job.jobId : -1)
          expect(rest).toEqual([])
        }
      }
    },
  )

  proves(
    'POOL-40',
    'current',
    'channels opened before the first template get their first job with it',
    (edition) => {
      const { link, tip } = aPool(edition, { tip: false })
      const miner = new TestMiner(link, edition)
      const channels = [miner.open('standard'), miner.open('extended')]
      expect(miner.jobs(channels[0]!)).toEqual([])
      tip()
      for (const channel of channels) {
        expect(miner.jobs(channel)).toMatchObject([{ minNtime: undefined }])
        expect(miner.tip(channel).jobId).toBe(miner.job(channel).jobId)
        miner.peer.send(miner.find(channel))
      }
      link.advance(1_000)
      expect(miner.takeOf('SubmitShares.Success')).toHaveLength(2)
    },
  )

  proves(
    'POOL-37',
    'both',
    'a channel opened between a future template and its tip gets that job as well',
    (edition) => {
      const { link, templates } = aPool(edition)
      const first = new TestMiner(link, edition)
      const early = first.open('extended')
      templates.send(aTemplate({ templateId: 2n }))
      const miner = new TestMiner(link, edition)
      // the second one has a job book of its own
      const late = [miner.open('extended'), miner.open('extended', { minExtranonceSize: 20 })]
      templates.send(aTip({ templateId: 2n, prevHash: filled(0xbb) }))
      const everyone: [TestMiner, TestChannel][] = [
        [first, early],
        ...late.map((each) => [miner, each] as [TestMiner, TestChannel]),
      ]
      for (const [each, channel] of everyone) {
        const tip = each.tip(channel)
        expect(tip.prevHash).toEqual(filled(0xbb))
        const named = each.jobs(channel).filter(({ jobId }) => jobId === tip.jobId)
        expect(named).toMatchObject([{ minNtime: undefined }])
        each.peer.send(each.find(channel, { job: named[0]! }))
      }
      link.advance(1_000)
      expect(first.takeOf('SubmitShares.Success')).toHaveLength(1)
      expect(miner.takeOf('SubmitShares.Success')).toHaveLength(2)
    },
  )

  test('a connection that selects its own work is sent no jobs', () => {
    const { link, tip } = aPool(current)
    const miner = new TestMiner(link, current, REQUIRES_WORK_SELECTION)
    miner.open('extended')
    tip({ templateId: 2n }, { prevHash: filled(2) })
    link.advance(120_000)
    expect(types(miner.log)).not.toContain('NewExtendedMiningJob')
    expect(types(miner.log)).not.toContain('SetNewPrevHash')
  })
})

describe('unique work', () => {
  proves('POOL-03, POOL-04', 'both', 'no two jobs and no two channels search the same space', (edition) => {
    const { link, templates, tip } = aPool(edition, { jobRefreshMs: 30_000 })
    const standard = new TestMiner(link, edition, REQUIRES_STANDARD_JOBS)
    const mixed = new TestMiner(link, edition)
    const channels: [TestMiner, TestChannel][] = [
      [standard, standard.open('standard')],
      [standard, standard.open('standard')],
      [mixed, mixed.open('standard')],
      [mixed, mixed.open('extended')],
    ]
    link.advance(95_000)
    templates.send(
      aTemplate({ templateId: 2n, futureTemplate: false, coinbaseTxValueRemaining: 312_500_001n }),
    )
    tip({ templateId: 3n }, { prevHash: filled(3) })
    link.advance(65_000)
    const seen = new Set<string>()
    let jobs = 0
    for (const [miner, channel] of channels) {
      const spaces = space(miner, channel)
      expect(spaces.length).toBeGreaterThanOrEqual(8)
      jobs += spaces.length
      for (const each of spaces) seen.add(each)
    }
    expect(seen.size).toBe(jobs)
  })

  proves('POOL-04', 'both', 'every device gets a new job at least once per refresh time', (edition) => {
    const { link } = aPool(edition, { jobRefreshMs: 20_000 })
    const miner = new TestMiner(link, edition)
    const channel = miner.open('standard')
    link.advance(19_999)
    expect(miner.jobs(channel)).toHaveLength(1)
    link.advance(1)
    expect(miner.jobs(channel)).toHaveLength(2)
    link.advance(100_000)
    expect(miner.jobs(channel)).toHaveLength(7)
  })

  proves(
    'POOL-04',
    'both',
    'a device too fast for the space of one job gets others in between',
    (edition) => {
      const { link } = aPool(edition, { versionRolling: false, jobRefreshMs: 20_000 })
      const miner = new TestMiner(link, edition, REQUIRES_STANDARD_JOBS)
      // without version rolling a job has 2^32 headers for each second
      const [slow, fast] = [2 ** 31, 2 ** 33].map((hashrate) => miner.open('standard', { hashrate }))
      link.advance(19_000)
      expect(miner.jobs(slow!)).toHaveLength(1)
      const jobs = miner.jobs(fast!)
      expect(jobs.length).toBeGreaterThan(6)
      expect(new Set(space(miner, fast!)).size).toBe(jobs.length)
      // and none any more once it is slower
      const { channelId } = fast!
      miner.peer.send({
        type: 'UpdateChannel',
        channelId,
        nominalHashRate: 2 ** 31,
        maximumTarget: MAX_TARGET,
      })
      link.advance(6_000)
      const before = miner.jobs(fast!).length
      link.advance(10_000)
      expect(miner.jobs(fast!).length).toBe(before)
    },
  )

  proves('POOL-39', 'current', 'no job id is given out twice', (edition) => {
    const { link, templates, tip } = aPool(edition)
    const miner = new TestMiner(link, edition)
    const channels = [miner.open('standard'), miner.open('extended')]
    for (let round = 2n; round < 8n; round++) {
      templates.send(aTemplate({ templateId: round * 2n, futureTemplate: false }))
      tip({ templateId: round * 2n + 1n }, { prevHash: filled(Number(round)) })
      link.advance(61_000)
      for (const { channelId } of channels) {
        link.tell({ kind: 'renewPrefix', session: miner.peer.session, channelId })
        miner.peer.send({
          type: 'UpdateChannel',
          channelId,
          nominalHashRate: Number(round),
          maximumTarget: MAX_TARGET,
        })
      }
    }
    for (const channel of channels) {
      const ids = miner.jobs(channel).map(({ jobId }) => jobId)
      expect(ids.length).toBeGreaterThan(18)
      expect(new Set(ids).size).toBe(ids.length)
    }
  })

  proves(
    'POOL-50',
    'both',
    'an extended job leaves all the rolled part of the extranonce to the channel',
    (edition) => {
      const { link } = aPool(edition)
      const miner = new TestMiner(link, edition)
      const channel = miner.open('extended')
      // first and last value of the space, and one between
      for (const extranonce of [filled(0, 8), filled(0x80, 8), filled(0xff, 8)]) {
        miner.peer.send(miner.find(channel, { extranonce }))
      }
      link.advance(1_000)
      expect(miner.take()).toMatchObject([{ type: 'SubmitShares.Success', newSubmitsAcceptedCount: 3 }])
    },
  )

  proves(
    'FRM-15',
    'both',
    'jobs and channels differ in the coinbase alone, never in transactions',
    (edition) => {
      const { link } = aPool(edition)
      const miner = new TestMiner(link, edition)
      const channels = [miner.open('extended'), miner.open('extended')]
      link.advance(200_000)
      const paths = channels.flatMap((channel) =>
        miner
          .jobs(channel)
          .map((job) => (job.type === 'NewExtendedMiningJob' ? job.merklePath.map(hex) : [])),
      )
      expect(paths.length).toBeGreaterThan(6)
      for (const path of paths) expect(path).toEqual([hex(filled(0x11)), hex(filled(0x22))])
    },
  )
})

describe('tips', () => {
  proves(
    'POOL-37, POOL-41',
    'both',
    'a future template goes out in advance, the tip once per group',
    (edition) => {
      const { link, templates } = aPool(edition)
      const miner = new TestMiner(link, edition)
      const channels = Array.from({ length: 10 }, () => miner.open('standard'))
      const [{ groupId } = { groupId: 0 }] = channels
      miner.take()
      templates.send(aTemplate({ templateId: 2n }))
      expect(miner.take()).toMatchObject([
        { type: 'NewExtendedMiningJob', channelId: groupId, minNtime: undefined },
      ])
      templates.send(aTip({ templateId: 2n, prevHash: filled(2) }))
      expect(miner.take()).toMatchObject([{ type: 'SetNewPrevHash', channelId: groupId }])
      for (const channel of channels) miner.peer.send(miner.find(channel))
      link.advance(1_000)
      expect(miner.takeOf('SubmitShares.Success')).toHaveLength(10)
    },
  )

  proves('POOL-41', 'current', 'extended channels share their group’s messages too', (edition) => {
    const { link, tip } = aPool(edition)
    const miner = new TestMiner(link, edition)
    const channels = Array.from({ length: 10 }, () => miner.open('extended'))
    miner.take()
    tip({ templateId: 2n }, { prevHash: filled(2) })
    const { groupId } = channels[0]!
    expect(miner.take()).toMatchObject([
      { type: 'NewExtendedMiningJob', channelId: groupId },
      { type: 'SetNewPrevHash', channelId: groupId },
    ])
    for (const channel of channels) miner.peer.send(miner.find(channel))
    link.advance(1_000)
    expect(miner.takeOf('SubmitShares.Success')).toHaveLength(10)
  })

  proves('POOL-41', 'draft', 'extended channels, which have no groups, are told one by one', (edition) => {
    const { link, tip } = aPool(edition)
    const miner = new TestMiner(link, edition)
    const extended = [miner.open('extended'), miner.open('extended')]
    const standard = [miner.open('standard'), miner.open('standard')]
    miner.take()
    tip({ templateId: 2n }, { prevHash: filled(2) })
    const tips = miner.takeOf('SetNewPrevHash').map(({ channelId }) => channelId)
    expect(tips.sort()).toEqual([...extended.map(({ channelId }) => channelId), standard[0]!.groupId].sort())
    for (const channel of [...extended, ...standard]) miner.peer.send(miner.find(channel))
    link.advance(1_000)
    expect(miner.takeOf('SubmitShares.Success')).toHaveLength(4)
  })

  proves(
    'POOL-40, POOL-43',
    'current',
    'only the job of the template that the provider names is named',
    (edition) => {
      const { link, templates } = aPool(edition)
      const miner = new TestMiner(link, edition)
      const channel = miner.open('extended')
      templates.send(aTemplate({ templateId: 2n, version: 0x20000002 }))
      templates.send(aTemplate({ templateId: 3n, version: 0x20000003 }))
      templates.send(aTip({ templateId: 3n, prevHash: filled(3) }))
      const named = miner.jobs(channel).find(({ jobId }) => jobId === miner.tip(channel).jobId)
      expect(named).toMatchObject({ version: 0x20000003, minNtime: undefined })
      // a template that was never sent, or was dropped with the last tip, names nothing
      miner.take()
      templates.send(
        aTip({ templateId: 2n, prevHash: filled(4) }),
        aTip({ templateId: 77n, prevHash: filled(5) }),
      )
      expect(miner.take()).toEqual([])
      expect(link.factsOf('templateIgnored')).toHaveLength(2)
    },
  )

  proves(
    'POOL-45',
    'current',
    'the best template the provider has for a new tip follows at once',
    (edition) => {
      const { link, templates, tip } = aPool(edition)
      const miner = new TestMiner(link, edition)
      const channel = miner.open('extended')
      tip({ templateId: 2n }, { prevHash: filled(2) })
      miner.take()
      // no waiting: it came in the same millisecond
      templates.send(aTemplate({ templateId: 3n, futureTemplate: false, version: 0x20000003 }))
      expect(miner.take()).toMatchObject([
        { type: 'NewExtendedMiningJob', channelId: channel.groupId, minNtime: NTIME, version: 0x20000003 },
      ])
    },
  )

  test('a provider that comes back on the same tip sends miners an update, not a new tip', () => {
    const { link, templates } = aPool(current)
    const miner = new TestMiner(link, current)
    const channel = miner.open('extended')
    const before = miner.find(channel)
    templates.send(aTemplate({ templateId: 9n, version: 0x20000009 }))
    templates.disconnect()
    miner.take()
    const again = connectTemplates(link, current)
    again.send(aTemplate({ templateId: 9n, version: 0x20000010 }), aTip({ templateId: 9n }))
    expect(miner.take()).toMatchObject([
      { type: 'NewExtendedMiningJob', minNtime: NTIME, version: 0x20000010 },
    ])
    // work on the earlier job still counts
    miner.peer.send(before, miner.find(channel))
    // template 9 of the earlier connection is not mistaken for one of this connection
    again.send(aTemplate({ templateId: 10n }), aTip({ templateId: 10n, prevHash: filled(0xbb) }))
    miner.peer.send(miner.find(channel))
    link.advance(1_000)
    expect(miner.takeOf('SubmitShares.Success')).toMatchObject([{ newSubmitsAcceptedCount: 3 }])
  })

  test('templates that are no use are passed over', () => {
    const { link, templates } = aPool(current)
    const miner = new TestMiner(link, current)
    miner.open('extended')
    miner.take()
    const bad = [
      aTemplate({ templateId: 2n, futureTemplate: false, coinbasePrefix: filled(1, 9) }),
      aTemplate({ templateId: 3n, futureTemplate: false, coinbaseTxOutputsCount: 2 }),
      aTemplate({ templateId: 4n, futureTemplate: false, coinbaseTxOutputs: filled(0, 61_000) }),
    ]
    templates.send(
      ...bad,
      aTemplate({ templateId: 5n }),
      aTip({ templateId: 5n, nbits: 0, target: filled(1) }),
    )
    expect(miner.takeOf('SetNewPrevHash')).toEqual([])
    expect(link.factsOf('templateIgnored').map(({ templateId }) => templateId)).toEqual([2n, 3n, 4n, 5n])
  })
})
