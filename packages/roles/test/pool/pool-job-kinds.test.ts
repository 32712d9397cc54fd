import { difficultyToTarget, equalBytes, meetsTarget, parseTransaction } from '@sv2/bitcoin'
import { decodeHeader } from '@sv2/codec'
import { MINING_SETUP_FLAGS } from '@sv2/messages'
import { current } from '@sv2/messages/current'
import { draftOf2020 } from '@sv2/messages/draft'
import { describe, expect, test } from 'vitest'
import { aPool, aTemplate, aTip, filled, proves } from '../_fixtures.ts'
import { types } from '../_pool-jobs.ts'
import { type TestChannel, TestMiner } from '../_test-miner.ts'

const { REQUIRES_STANDARD_JOBS } = MINING_SETUP_FLAGS

describe('kinds of jobs', () => {
  proves(
    'POOL-66',
    'both',
    'NewMiningJob goes to standard channels only, NewExtendedMiningJob to the others',
    (edition) => {
      const { link, templates, tip } = aPool(edition)
      const miners = [new TestMiner(link, edition), new TestMiner(link, edition, REQUIRES_STANDARD_JOBS)]
      const standard = new Set<string>()
      for (const miner of miners) {
        for (const kind of ['standard', 'extended', 'standard'] as const) {
          if (kind === 'extended' && miner !== miners[0]) continue
          const { channelId } = miner.open(kind)
          if (kind === 'standard') standard.add(`${miner.peer.session}/${channelId}`)
          link.tell({ kind: 'renewPrefix', session: miner.peer.session, channelId })
        }
      }
      tip({ templateId: 2n }, { prevHash: filled(2) })
      templates.send(aTemplate({ templateId: 3n, futureTemplate: false }))
      let seen = 0
      for (const miner of miners) {
        miner.take()
        for (const message of miner.log) {
          if (message.type !== 'NewMiningJob' && message.type !== 'NewExtendedMiningJob') continue
          seen++
          const isStandard = standard.has(`${miner.peer.session}/${message.channelId}`)
          expect(message.type).toBe(isStandard ? 'NewMiningJob' : 'NewExtendedMiningJob')
        }
      }
      expect(seen).toBeGreaterThan(12)
    },
  )

  proves('POOL-67', 'both', 'a connection with REQUIRES_STANDARD_JOBS gets no extended jobs', (edition) => {
    const { link, templates, tip } = aPool(edition)
    const miner = new TestMiner(link, edition, REQUIRES_STANDARD_JOBS)
    const channels = [miner.open('standard'), miner.open('standard')]
    tip({ templateId: 2n }, { prevHash: filled(2) })
    templates.send(aTemplate({ templateId: 3n, futureTemplate: false }))
    link.advance(61_000)
    expect(types(miner.log)).not.toContain('NewExtendedMiningJob')
    for (const channel of channels) {
      expect(miner.jobs(channel)).toHaveLength(4)
      miner.peer.send(miner.find(channel))
    }
    link.advance(1_000)
    expect(miner.takeOf('SubmitShares.Success')).toHaveLength(2)
  })

  test('software of 2020, which asks for no standard jobs, gets no others, and no groups', () => {
    const { link, templates, tip } = aPool(draftOf2020)
    const miner = new TestMiner(link, draftOf2020)
    const channels = [miner.open('standard'), miner.open('standard')]
    tip({ templateId: 2n }, { prevHash: filled(2) })
    templates.send(aTemplate({ templateId: 3n, futureTemplate: false }))
    link.tell({
      kind: 'regroup',
      session: miner.peer.session,
      channelIds: channels.map(({ channelId }) => channelId),
    })
    link.advance(61_000)
    expect(types(miner.log)).not.toContain('NewExtendedMiningJob')
    expect(types(miner.log)).not.toContain('SetGroupChannel')
    for (const channel of channels) {
      expect(miner.jobs(channel)).toHaveLength(4)
      miner.peer.send(miner.find(channel))
    }
    link.advance(1_000)
    expect(miner.takeOf('SubmitShares.Success')).toHaveLength(2)
  })

  test('a proxy on a door for software of 2020 has its extended channels', () => {
    const { link, tip } = aPool(draftOf2020)
    const miner = new TestMiner(link, draftOf2020)
    const channel = miner.open('extended')
    tip({ templateId: 2n }, { prevHash: filled(2) })
    expect(miner.jobs(channel)).toHaveLength(2)
    miner.peer.send(miner.find(channel))
    link.advance(1_000)
    expect(miner.takeOf('SubmitShares.Success')).toHaveLength(1)
  })

  proves(
    'POOL-48',
    'both',
    'SetGroupChannel is not sent to a connection with REQUIRES_STANDARD_JOBS',
    (edition) => {
      const { link } = aPool(edition)
      const miner = new TestMiner(link, edition, REQUIRES_STANDARD_JOBS)
      const { channelId } = miner.open('standard')
      link.tell({ kind: 'regroup', session: miner.peer.session, channelIds: [channelId] })
      expect(miner.take()).toEqual([])
    },
  )

  proves('POOL-49', 'draft', 'SetGroupChannel lists opened standard channels only', (edition) => {
    const { link } = aPool(edition)
    const miner = new TestMiner(link, edition)
    const [one, extended, two] = [miner.open('standard'), miner.open('extended'), miner.open('standard')]
    const channelIds = [one, extended, two, two].map(({ channelId }) => channelId)
    link.tell({ kind: 'regroup', session: miner.peer.session, channelIds: [...channelIds, 4711] })
    expect(miner.takeOf('SetGroupChannel')).toMatchObject([{ channelIds: [one.channelId, two.channelId] }])
  })

  proves('POOL-65', 'current', 'SetGroupChannel lists opened standard and extended channels', (edition) => {
    const { link } = aPool(edition)
    const miner = new TestMiner(link, edition)
    const [one, extended, closed] = [miner.open('standard'), miner.open('extended'), miner.open('extended')]
    miner.peer.send({ type: 'CloseChannel', channelId: closed.channelId, reasonCode: '' })
    const channelIds = [one, extended, closed].map(({ channelId }) => channelId)
    link.tell({ kind: 'regroup', session: miner.peer.session, channelIds })
    expect(miner.takeOf('SetGroupChannel')).toMatchObject([
      { channelIds: [one.channelId, extended.channelId] },
    ])
  })

  test.each([[current.name, current]])(
    '%s: after SetGroupChannel jobs go to the new group, none is lost or doubled',
    (_, edition) => {
      const { link, templates, tip } = aPool(edition)
      const miner = new TestMiner(link, edition)
      const channels = [miner.open('standard'), miner.open('extended'), miner.open('extended')]
      const moved = channels.slice(0, 2).map(({ channelId }) => channelId)
      link.tell({ kind: 'regroup', session: miner.peer.session, channelIds: moved })
      const { groupChannelId } = miner.takeOf('SetGroupChannel')[0]!
      templates.send(aTemplate({ templateId: 2n, futureTemplate: false }))
      expect(
        miner
          .take()
          .map((message) => 'channelId' in message && message.channelId)
          .sort(),
      ).toEqual([groupChannelId, channels[2]!.groupId].sort())
      // all of them move: the old group is gone, and nobody else's jobs with it
      link.tell({
        kind: 'regroup',
        session: miner.peer.session,
        channelIds: channels.map(({ channelId }) => channelId),
      })
      const last = miner.takeOf('SetGroupChannel')[0]!.groupChannelId
      tip({ templateId: 3n }, { prevHash: filled(3) })
      const messages = miner.take()
      expect(messages).toMatchObject([
        { type: 'NewExtendedMiningJob', channelId: last },
        { type: 'SetNewPrevHash', channelId: last },
      ])
      for (const channel of channels) miner.peer.send(miner.find({ ...channel, groupId: last }))
      link.advance(1_000)
      expect(miner.takeOf('SubmitShares.Success')).toHaveLength(3)
      miner.peer.send({ type: 'CloseChannel', channelId: last, reasonCode: '' })
      expect(link.factsOf('channelClosed')).toHaveLength(3)
    },
  )
})

describe('targets and prefixes', () => {
  const harder = difficultyToTarget(2 ** -22)

  proves(
    'POOL-46',
    'both',
    'a new target holds for the future job already sent, the active job keeps its own',
    (edition) => {
      const { link, templates } = aPool(edition)
      const miner = new TestMiner(link, edition)
      const channel = miner.open('extended')
      const active = miner.job(channel)
      const tip = miner.tip(channel)
      templates.send(aTemplate({ templateId: 2n }))
      const future = miner.job(channel)
      miner.peer.send({
        type: 'UpdateChannel',
        channelId: channel.channelId,
        nominalHashRate: 0,
        maximumTarget: harder,
      })
      expect(miner.takeOf('SetTarget')).toMatchObject([{ maximumTarget: harder }])
      const between = (hash: Uint8Array) => meetsTarget(hash, channel.target) && !meetsTarget(hash, harder)
      miner.peer.send(miner.find(channel, { job: active, tip, hash: between }))
      link.advance(1_000)
      expect(miner.take()).toMatchObject([{ type: 'SubmitShares.Success' }])
      templates.send(aTip({ templateId: 2n, prevHash: filled(2) }))
      miner.peer.send(miner.find(channel, { job: future, hash: between }))
      expect(miner.takeOf('SubmitShares.Error')).toMatchObject([{ errorCode: 'difficulty-too-low' }])
      miner.peer.send(miner.find(channel, { job: future, hash: (hash) => meetsTarget(hash, harder) }))
      link.advance(1_000)
      expect(miner.take()).toMatchObject([{ type: 'SubmitShares.Success' }])
    },
  )

  proves(
    'POOL-46',
    'both',
    'a job that follows SetTarget has the new target, and was not made before its level was known',
    (edition) => {
      const { link } = aPool(edition)
      const miner = new TestMiner(link, edition)
      const channels = [miner.open('extended'), miner.open('extended'), miner.open('extended')]
      miner.take()
      const ask = ({ channelId }: TestChannel) =>
        miner.peer.send({ type: 'UpdateChannel', channelId, nominalHashRate: 0, maximumTarget: harder })
      ask(channels[0]!)
      expect(types(miner.take())).toEqual(['SetTarget', 'NewExtendedMiningJob'])
      const first = miner.job(channels[0]!)
      // that job is known now, and would be worked on before the level is chosen: the others wait for another one
      for (const channel of channels.slice(1)) ask(channel)
      expect(types(miner.take())).toEqual([])
      link.advance(2_000)
      expect(types(miner.take())).toEqual(Array(2).fill(['SetTarget', 'NewExtendedMiningJob']).flat())
      const [second, third] = channels.slice(1).map((channel) => miner.job(channel))
      expect([second!.jobId, third!.jobId]).toEqual([second!.jobId, second!.jobId])
      expect(second!.jobId).not.toBe(first.jobId)
      for (const [index, channel] of channels.entries()) {
        const between = (hash: Uint8Array) => meetsTarget(hash, channel.target) && !meetsTarget(hash, harder)
        const job = [first, second!, third!][index]!
        miner.peer.send(miner.find(channel, { job, hash: between }))
        expect(miner.takeOf('SubmitShares.Error')).toMatchObject([{ errorCode: 'difficulty-too-low' }])
      }
      // and what the others found on the first one counts by the level they had then
      const [, other] = channels
      const between = (hash: Uint8Array) => meetsTarget(hash, other!.target) && !meetsTarget(hash, harder)
      miner.peer.send(miner.find(other!, { job: first, hash: between }))
      expect(miner.takeOf('SubmitShares.Error')).toEqual([])
    },
  )

  proves(
    'POOL-25',
    'both',
    'a new prefix goes to one channel and holds for jobs sent afterwards',
    (edition) => {
      const { link, templates } = aPool(edition)
      const miner = new TestMiner(link, edition)
      const channels = [miner.open('extended'), miner.open('standard')]
      for (const channel of channels) {
        const before = { job: miner.job(channel), tip: miner.tip(channel), prefix: channel.prefix }
        miner.take()
        link.tell({ kind: 'renewPrefix', session: miner.peer.session, channelId: channel.channelId })
        const [set] = miner.takeOf('SetExtranoncePrefix')
        expect(set?.channelId).toBe(channel.channelId)
        expect(set?.extranoncePrefix).toHaveLength(channel.prefix.length)
        expect(equalBytes(set!.extranoncePrefix, channel.prefix)).toBe(false)
        channel.prefix = set!.extranoncePrefix
        miner.peer.send(miner.find(channel, before), miner.find(channel))
        templates.send(aTemplate({ templateId: 2n, futureTemplate: false }))
        miner.peer.send(miner.find(channel))
        link.advance(1_000)
        expect(miner.takeOf('SubmitShares.Success')).toMatchObject([{ newSubmitsAcceptedCount: 3 }])
      }
    },
  )

  proves('POOL-25', 'both', 'a job shared by two channels has the new prefix of each', (edition) => {
    const { link } = aPool(edition)
    const miner = new TestMiner(link, edition)
    const channels = [miner.open('extended'), miner.open('extended'), miner.open('standard')]
    for (const channel of channels) {
      link.tell({ kind: 'renewPrefix', session: miner.peer.session, channelId: channel.channelId })
      channel.prefix = miner.takeOf('SetExtranoncePrefix')[0]!.extranoncePrefix
    }
    for (const channel of channels) miner.peer.send(miner.find(channel))
    link.advance(1_000)
    expect(miner.takeOf('SubmitShares.Success')).toHaveLength(3)
  })

  proves('POOL-25', 'both', 'a group has no prefix to change', (edition) => {
    const { link } = aPool(edition)
    const miner = new TestMiner(link, edition)
    const { groupId } = miner.open('standard')
    miner.take()
    link.tell({ kind: 'renewPrefix', session: miner.peer.session, channelId: groupId })
    expect(miner.take()).toEqual([])
    expect(link.factsOf('prefixNotRenewed')).toMatchObject([{ reason: 'invalid-channel-id' }])
  })
})

describe('coinbase', () => {
  proves('POOL-59', 'current', 'coinbase parts carry no SegWit fields', (edition) => {
    const { link } = aPool(edition)
    const miner = new TestMiner(link, edition)
    const channel = miner.open('extended')
    const job = miner.job(channel)
    if (job.type !== 'NewExtendedMiningJob') throw new Error('wrong kind of job')
    // input count right after the version: neither marker nor flag
    expect(job.coinbaseTxPrefix[4]).toBe(1)
    const whole = Buffer.concat([job.coinbaseTxPrefix, channel.prefix, filled(0, 8), job.coinbaseTxSuffix])
    const coinbase = parseTransaction(new Uint8Array(whole))
    expect(coinbase.inputs[0]?.witness ?? []).toEqual([])
    expect(coinbase.inputs[0]?.scriptSig.length).toBeLessThanOrEqual(100)
  })

  test('frames to many connections are encoded once', () => {
    const { link, templates } = aPool(current)
    const miners = Array.from({ length: 3 }, () => new TestMiner(link, current))
    for (const miner of miners) miner.open('standard')
    templates.send(aTemplate({ templateId: 2n }))
    const frames = miners.map(({ peer }) => peer.frames.at(-1))
    expect(decodeHeader(frames[0]!).msgType).toBe(0x1f)
    expect(frames[1]).toBe(frames[0])
    expect(frames[2]).toBe(frames[0])
  })
})
