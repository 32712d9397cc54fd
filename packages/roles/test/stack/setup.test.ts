import { decodeHeader, encodeFrame } from '@sv2/codec'
import { type Edition, EditionError, MINING_SETUP_FLAGS } from '@sv2/messages'
import type { WirePeer } from '@sv2/sim'
import { describe, expect } from 'vitest'
import { aDevice, aPool, aProvider, aSetup, DEVICE, dialed, IDENTIFICATION, proves } from '../_fixtures.ts'

interface Door {
  readonly protocol: number
  readonly supportedFlags: number
  readonly peer: WirePeer
}

const { REQUIRES_STANDARD_JOBS, REQUIRES_VERSION_ROLLING, REQUIRES_WORK_SELECTION } = MINING_SETUP_FLAGS
const ALL = 0xffff_ffff

function poolDoor(edition: Edition): Door {
  const { link } = aPool(edition)
  return {
    protocol: 0,
    supportedFlags: REQUIRES_STANDARD_JOBS | REQUIRES_WORK_SELECTION | REQUIRES_VERSION_ROLLING,
    peer: link.connect({ port: { kind: 'miners' }, edition, protocol: 'mining', plays: 'client' }),
  }
}

function providerDoor(edition: Edition): Door {
  const peer = aProvider().connect({
    port: { kind: 'clients' },
    edition,
    protocol: 'templates',
    plays: 'client',
  })
  return { protocol: 2, supportedFlags: 0, peer }
}

describe.each([
  ['pool', poolDoor],
  ['template provider', providerDoor],
] as const)('%s', (_, door) => {
  proves('SET-02, SET-08', 'both', 'a good setup is answered by Success with the one version', (edition) => {
    const { peer, protocol } = door(edition)
    peer.send(aSetup({ protocol }))
    expect(peer.received()).toMatchObject([{ type: 'SetupConnection.Success', usedVersion: 2, flags: 0 }])
    expect(peer.closed).toBeUndefined()
  })

  proves('SET-02, SET-07', 'both', 'a range around version 2 gets version 2', (edition) => {
    const { peer, protocol } = door(edition)
    peer.send(aSetup({ protocol, minVersion: 1, maxVersion: 7 }))
    expect(peer.received()).toMatchObject([{ type: 'SetupConnection.Success', usedVersion: 2 }])
  })

  proves(
    'SET-03, SET-09, SET-14',
    'both',
    'no common version: Error without flags, then closed',
    (edition) => {
      for (const [minVersion, maxVersion] of [
        [3, 9],
        [0, 1],
      ] as const) {
        const { peer, protocol } = door(edition)
        peer.send(aSetup({ protocol, minVersion, maxVersion }))
        // the error got out although the connection is closed
        expect(peer.received()).toEqual([
          { type: 'SetupConnection.Error', flags: 0, errorCode: 'protocol-version-mismatch' },
        ])
        expect(peer.closed).toBe('protocol-version-mismatch')
      }
    },
  )

  proves('SET-14, SET-16', 'both', 'another or an unknown protocol: Error without flags', (edition) => {
    const { protocol: served } = door(edition)
    for (const protocol of [0, 1, 2, 3, 255]) {
      if (protocol === served) continue
      const { peer } = door(edition)
      peer.send(aSetup({ protocol, flags: ALL }))
      expect(peer.received()).toEqual([
        { type: 'SetupConnection.Error', flags: 0, errorCode: 'unsupported-protocol' },
      ])
      expect(peer.closed).toBe('unsupported-protocol')
    }
  })

  proves('SET-11, SET-12', 'both', 'a probe with all 32 flags learns which are supported', (edition) => {
    const { peer, protocol, supportedFlags } = door(edition)
    peer.send(aSetup({ protocol, flags: ALL }))
    const [error] = peer.received()
    expect(error).toEqual({
      type: 'SetupConnection.Error',
      flags: ~supportedFlags >>> 0,
      errorCode: 'unsupported-feature-flags',
    })
    expect(peer.closed).toBe('unsupported-feature-flags')
    // what the probe found out is true
    const again = door(edition).peer
    again.send(aSetup({ protocol, flags: supportedFlags }))
    expect(again.received()).toMatchObject([{ type: 'SetupConnection.Success' }])
  })

  proves(
    'SET-12',
    'both',
    'each unsupported flag alone is named, supported ones beside it are not',
    (edition) => {
      const { protocol, supportedFlags } = door(edition)
      for (let bit = 0; bit < 32; bit++) {
        const flag = (1 << bit) >>> 0
        const { peer } = door(edition)
        peer.send(aSetup({ protocol, flags: (flag | supportedFlags) >>> 0 }))
        const expected =
          (flag & supportedFlags) !== 0
            ? { type: 'SetupConnection.Success' }
            : { type: 'SetupConnection.Error', flags: flag }
        expect(peer.received()).toMatchObject([expected])
      }
    },
  )

  proves('SET-13', 'both', 'two servers of the same settings refuse the same flags', (edition) => {
    const answers = [1, 2, 4, 8, ALL].map((flags) =>
      [door(edition), door(edition)].map(({ peer, protocol }) => {
        peer.send(aSetup({ protocol, flags }))
        return peer.received()
      }),
    )
    for (const [one, other] of answers) expect(one).toEqual(other)
  })

  proves('SET-01', 'both', 'anything before SetupConnection is a protocol error', (edition) => {
    const { peer } = door(edition)
    const early = edition.encode({ type: 'CloseChannel', channelId: 1, reasonCode: 'x' })
    expect(() => peer.sendFrame(early)).toThrow(EditionError)
  })

  proves('SET-17', 'both', 'a message of another sub-protocol is a protocol error', (edition) => {
    const { peer, protocol } = door(edition)
    peer.send(aSetup({ protocol }))
    const foreign =
      protocol === 0
        ? edition.encode({ type: 'RequestTransactionData', templateId: 1n })
        : edition.encode({
            type: 'UpdateChannel',
            channelId: 1,
            nominalHashRate: 1,
            maximumTarget: new Uint8Array(32),
          })
    expect(() => peer.sendFrame(foreign)).toThrow(/wrong-protocol|on a connection for/)
  })

  proves('SET-01', 'both', 'a second SetupConnection ends the connection', (edition) => {
    const { peer, protocol } = door(edition)
    peer.send(aSetup({ protocol }))
    peer.send(aSetup({ protocol }))
    expect(peer.closed).toBe('unexpected SetupConnection')
  })

  proves('EXT-03', 'both', 'frames of unknown extensions are ignored and nothing else happens', (edition) => {
    const { peer, protocol } = door(edition)
    peer.send(aSetup({ protocol }))
    peer.received()
    for (const channelMsg of [false, true]) {
      const payload = Uint8Array.of(1, 0, 0, 0, 9, 9)
      peer.sendFrame(encodeFrame({ extensionType: 0x4abc, channelMsg, msgType: 0x05 }, payload))
    }
    expect(peer.received()).toEqual([])
    expect(peer.closed).toBeUndefined()
  })
})

proves('SET-15', 'both', 'the same flag bits are judged by the sub-protocol', (edition) => {
  const flags = REQUIRES_STANDARD_JOBS
  const pool = poolDoor(edition).peer
  pool.send(aSetup({ protocol: 0, flags }))
  expect(pool.received()).toMatchObject([{ type: 'SetupConnection.Success' }])
  const provider = providerDoor(edition).peer
  provider.send(aSetup({ protocol: 2, flags }))
  expect(provider.received()).toMatchObject([{ type: 'SetupConnection.Error', flags }])
})

describe('clients', () => {
  proves('SET-01, SET-04, SET-05, SET-06, SET-07', 'both', 'a device introduces itself first', (edition) => {
    const { server } = aDevice(edition)
    expect(decodeHeader(server.frames[0]!).msgType).toBe(0)
    expect(server.received()).toEqual([
      {
        type: 'SetupConnection',
        protocol: 0,
        minVersion: 2,
        maxVersion: 2,
        flags: REQUIRES_STANDARD_JOBS,
        endpointHost: DEVICE.endpoint.host,
        endpointPort: DEVICE.endpoint.port,
        vendor: 'acme',
        hardwareVersion: 'rig 2',
        firmware: '1.2.3',
        deviceId: '',
      },
    ])
  })

  proves(
    'SET-01, SET-04, SET-05, SET-06, SET-07',
    'both',
    'a pool introduces itself to its template provider',
    (edition) => {
      const { link } = aPool(edition)
      const provider = link.connect({
        port: { kind: 'templates' },
        edition,
        protocol: 'templates',
        plays: 'server',
      })
      expect(provider.received()).toMatchObject([
        { type: 'SetupConnection', protocol: 2, minVersion: 2, maxVersion: 2, flags: 0, ...IDENTIFICATION },
      ])
    },
  )

  proves('SET-08', 'both', 'a version that was not offered ends the connection', (edition) => {
    const { server } = aDevice(edition)
    server.send({ type: 'SetupConnection.Success', usedVersion: 3, flags: 0 })
    expect(server.closed).toBe('protocol version 3 was not offered')
    const { link } = aPool(edition, { tip: false })
    const provider = link.connect({
      port: { kind: 'templates' },
      edition,
      protocol: 'templates',
      plays: 'server',
    })
    provider.send({ type: 'SetupConnection.Success', usedVersion: 1, flags: 0 })
    expect(provider.closed).toBe('setup refused')
  })

  proves(
    'SET-10',
    'both',
    'a device acts on REQUIRES_FIXED_VERSION and REQUIRES_EXTENDED_CHANNELS',
    (edition) => {
      const { server } = aDevice(edition)
      server.send({ type: 'SetupConnection.Success', usedVersion: 2, flags: 2 })
      expect(server.receivedOf('OpenStandardMiningChannel')).toEqual([])
      expect(server.closed).toContain('extended channels only')
      const extended = aDevice(edition, { mode: 'extended' })
      extended.server.send({ type: 'SetupConnection.Success', usedVersion: 2, flags: 3 })
      expect(extended.server.receivedOf('OpenExtendedMiningChannel')).toHaveLength(1)
    },
  )
})

describe('error codes', () => {
  proves('ERR-04', 'current', 'a device acts alike whatever code a refusal carries', (edition) => {
    const seen = ['max-target-out-of-range', 'unknown-user', 'made-up', ''].map((errorCode) => {
      const { link, server } = aDevice(edition)
      server.send({ type: 'SetupConnection.Success', usedVersion: 2, flags: 0 })
      server.send({ type: 'OpenMiningChannel.Error', requestId: 1, errorCode })
      return {
        closed: server.closed,
        sent: server.received(),
        kinds: link.takeFacts().map(({ kind }) => kind),
      }
    })
    for (const one of seen) expect(one).toEqual(seen[0])
  })

  proves(
    'ERR-02',
    'current',
    'a device acts on a refused channel by itself: it leaves, and asks again on its next connection',
    (edition) => {
      const { link, server } = aDevice(edition)
      server.send({ type: 'SetupConnection.Success', usedVersion: 2, flags: 0 })
      server.received()
      server.send({ type: 'OpenMiningChannel.Error', requestId: 1, errorCode: 'unknown-user' })
      expect(link.factsOf('channelRefused')).toEqual([{ kind: 'channelRefused', code: 'unknown-user' }])
      expect(server.closed).toBe('channel refused')
      const next = dialed(link, edition)
      next.received()
      next.send({ type: 'SetupConnection.Success', usedVersion: 2, flags: 0 })
      expect(next.received().map(({ type }) => type)).toEqual(['OpenStandardMiningChannel'])
    },
  )

  proves('ERR-01', 'draft', 'no error code moves a device or a pool to anything', (edition) => {
    const act = (errorCode: string) => {
      const { link, server } = aDevice(edition)
      server.send({ type: 'SetupConnection.Error', flags: 0, errorCode })
      const channel = aDevice(edition)
      channel.server.send({ type: 'SetupConnection.Success', usedVersion: 2, flags: 0 })
      channel.server.send({ type: 'OpenMiningChannel.Error', requestId: 1, errorCode })
      const pool = aPool(edition, { tip: false })
      const provider = pool.link.connect({
        port: { kind: 'templates' },
        edition,
        protocol: 'templates',
        plays: 'server',
      })
      provider.send({ type: 'SetupConnection.Error', flags: 0, errorCode })
      return [
        server.closed,
        channel.server.closed,
        provider.closed,
        link.takeFacts().map(({ kind }) => kind),
        channel.link.takeFacts().map(({ kind }) => kind),
        pool.link.takeFacts().map(({ kind }) => kind),
      ]
    }
    const [first, ...others] = ['unknown-user', 'unsupported-protocol', 'no such code', ''].map(act)
    for (const other of others) expect(other).toEqual(first)
  })

  proves(
    'ERR-03',
    'current',
    'an unknown code of a share refusal is noted and changes nothing',
    (edition) => {
      const { link, server } = aDevice(edition)
      server.send({ type: 'SetupConnection.Success', usedVersion: 2, flags: 0 })
      server.send({
        type: 'OpenStandardMiningChannel.Success',
        requestId: 1,
        channelId: 5,
        target: new Uint8Array(32).fill(0xff),
        extranoncePrefix: Uint8Array.of(1),
        groupChannelId: 0,
      })
      server.received()
      link.takeFacts()
      server.send({ type: 'SubmitShares.Error', channelId: 5, sequenceNumber: 9, errorCode: 'who-knows' })
      expect(link.takeFacts()).toEqual([{ kind: 'shareRefused', sequenceNumber: 9, code: 'who-knows' }])
      expect(server.received()).toEqual([])
      expect(server.closed).toBeUndefined()
    },
  )

  proves(
    'ERR-01',
    'draft',
    'a pool keeps its templates and a device its channel after a refused share',
    (edition) => {
      const { link, server } = aDevice(edition)
      server.send({ type: 'SetupConnection.Success', usedVersion: 2, flags: 0 })
      server.send({ type: 'SubmitShares.Error', channelId: 1, sequenceNumber: 1, errorCode: 'stale-share' })
      expect(server.closed).toBeUndefined()
      expect(link.takeFacts().map(({ kind }) => kind)).toContain('messageIgnored')
    },
  )
})
