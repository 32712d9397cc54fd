import { concatBytes, difficultyToTarget } from '@sv2/bitcoin'
import { encodeFrame } from '@sv2/codec'
import { current } from '@sv2/messages/current'
import { describe, expect, test } from 'vitest'
import {
  aJob,
  anExtendedJob,
  aPrevHash,
  CHANNEL,
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
import { aDevice, dialed, EASY_TARGET, filled, NTIME, proves } from '../_fixtures.ts'

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

  proves('DEV-20', 'both', 'SetTarget on a group id holds for a channel of the group', (edition) => {
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

  proves(
    'DEV-03, DEV-23',
    'both',
    'half a minute after CloseChannel another channel is asked for, once, under another id',
    (edition) => {
      const { link, server } = working(edition)
      server.received()
      server.send({ type: 'CloseChannel', channelId: CHANNEL, reasonCode: 'maintenance' })
      link.advance(29_999)
      expect(server.received()).toEqual([])
      link.advance(1)
      expect(server.received()).toMatchObject([{ type: 'OpenStandardMiningChannel', requestId: 2 }])
      link.takeFacts()
      const opened = {
        type: 'OpenStandardMiningChannel.Success' as const,
        channelId: 6,
        target: EASY_TARGET,
        extranoncePrefix: PREFIX,
        groupChannelId: GROUP,
      }
      // a late answer to the first request opens nothing
      server.send({ ...opened, requestId: 1 }, { ...opened, requestId: 2, channelId: 7 })
      expect(link.factsOf('channelOpened')).toMatchObject([{ channelId: 7 }])
      server.send(aJob({ channelId: 7, jobId: 1 }), aPrevHash({ channelId: 7, jobId: 1 }))
      expect(works(link)).toHaveLength(1)
      link.advance(300_000)
      expect(server.received()).toEqual([])
    },
  )

  test('a device that was told to stop, or has lost its connection, asks for no channel again', () => {
    for (const end of ['stop', 'disconnect'] as const) {
      const { link, server } = working(current)
      server.send({ type: 'CloseChannel', channelId: CHANNEL, reasonCode: '' })
      server.received()
      if (end === 'stop') link.tell({ kind: 'stop' })
      else server.disconnect()
      link.advance(120_000)
      expect(server.received()).toEqual([])
    }
  })

  test('a server that was left is not listened to any more', () => {
    const { link, server } = working(current)
    link.tell({ kind: 'stop' })
    link.takeFacts()
    server.send(aJob({ jobId: 2, minNtime: NTIME }), { type: 'Reconnect', newHost: '', newPort: 0 })
    expect(link.takeFacts()).toEqual([])
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
      server.sendFrame(
        encodeFrame(
          { extensionType: 0x4001, channelMsg, msgType: 0x21 },
          concatBytes(filled(5, 1), filled(0, 35)),
        ),
      )
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
