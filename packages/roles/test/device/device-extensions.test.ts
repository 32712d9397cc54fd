import type { Edition, Message } from '@sv2/messages'
import { current } from '@sv2/messages/current'
import { draft } from '@sv2/messages/draft'
import type { DeviceSettings } from '@sv2/roles/device'
import { describe, expect, test } from 'vitest'
import { anExtendedJob, aPrevHash, CHANNEL, found, GROUP, PREFIX, works } from '../_device.ts'
import { aDevice, type DeviceWorld, dialed, EASY_TARGET, proves } from '../_fixtures.ts'

const SETUP: Message = { type: 'SetupConnection.Success', usedVersion: 2, flags: 0 }

const success = (requestId: number, ...supportedExtensions: number[]): Message => ({
  type: 'RequestExtensions.Success',
  requestId,
  supportedExtensions,
})

const error = (requestId: number, unsupported: number[], required: number[] = []): Message => ({
  type: 'RequestExtensions.Error',
  requestId,
  unsupportedExtensions: unsupported,
  requiredExtensions: required,
})

/** A device that wants worker names, SetupConnection answered after `connectMs`; its request is still in the queue. */
function asking(
  edition: Edition,
  overrides: Partial<DeviceSettings> = {},
  connectMs = 100,
): DeviceWorld & { readonly requestId: () => number } {
  const world = aDevice(edition, { mode: 'extended', extensions: [2], worker: 'rig7', ...overrides })
  world.server.received()
  world.link.advance(connectMs)
  world.server.send(SETUP)
  return { ...world, requestId: () => world.server.receivedOf('RequestExtensions').at(-1)!.requestId }
}

/** Opens the channel that was asked for, and starts a job. */
function work(server: DeviceWorld['server'], requestId = 1): void {
  server.send(
    {
      type: 'OpenExtendedMiningChannel.Success',
      requestId,
      channelId: CHANNEL,
      target: EASY_TARGET,
      extranoncePrefix: PREFIX,
      groupChannelId: GROUP,
      extranonceSize: 6,
    },
    anExtendedJob({ jobId: 1 }),
    aPrevHash({ jobId: 1 }),
  )
  server.received()
}

const kinds = (messages: readonly Message[]) => messages.map(({ type }) => type)

describe('what the device asks', () => {
  proves(
    'EXT-13, EXT-14, EXT-07',
    'current',
    'RequestExtensions follows SetupConnection.Success, and nothing goes out until it is answered',
    (edition) => {
      const { link, server } = asking(edition)
      expect(server.received()).toEqual([
        { type: 'RequestExtensions', requestId: 1, requestedExtensions: [2] },
      ])
      link.tell({ kind: 'hashed', hashes: 5_000 })
      link.advance(150)
      link.tell({ kind: 'hashed', hashes: 5_000 })
      server.send(SETUP)
      expect(server.received()).toEqual([])
      server.send(success(1, 2))
      expect(kinds(server.received())).toEqual(['OpenExtendedMiningChannel'])
      expect(link.factsOf('extensionsAgreed')).toEqual([{ kind: 'extensionsAgreed', extensions: [2] }])
    },
  )

  proves(
    'EXT-16',
    'current',
    'until the answer no frame but the request itself has to do with an extension',
    (edition) => {
      const { server, requestId } = asking(edition)
      const id = requestId()
      const before = server.frames.length
      // an answer to nothing that was asked is none
      server.send(success(id + 1, 2), error(id + 1, [2]))
      expect(server.frames).toHaveLength(before)
      server.send(success(id, 2))
      expect(kinds(server.received())).toEqual(['OpenExtendedMiningChannel'])
    },
  )

  test('a device that wants none, and any device in the draft, opens its channel at once', () => {
    for (const [edition, extensions] of [
      [current, []],
      [draft, [2]],
    ] as const) {
      const { server } = asking(edition, { extensions })
      expect(kinds(server.received())).toEqual(['OpenExtendedMiningChannel'])
    }
  })
})

describe('what the device makes of the answer', () => {
  proves('EXT-24', 'current', 'with 0x0002 agreed on, every share names the worker', (edition) => {
    const { link, server, requestId } = asking(edition)
    server.send(success(requestId(), 2))
    work(server)
    const [order] = works(link)
    for (let share = 0; share < 3; share++) link.tell(found(order!))
    const names = server.receivedOf('SubmitSharesExtended').map(({ userIdentity }) => userIdentity)
    expect(names).toEqual(['rig7', 'rig7', 'rig7'])
  })

  proves('EXT-15, EXT-25', 'current', 'what was not confirmed is not used', (edition) => {
    const plain = asking(edition, { extensions: [] })
    work(plain.server)
    plain.link.tell(found(works(plain.link)[0]!))
    const size = plain.server.frames.at(-1)!.length
    for (const answer of [(id: number) => success(id), (id: number) => error(id, [2])]) {
      const { link, server, requestId } = asking(edition)
      server.send(answer(requestId()))
      work(server)
      link.tell(found(works(link)[0]!))
      expect(server.receivedOf('SubmitSharesExtended')).toHaveLength(1)
      expect(server.frames.at(-1)).toHaveLength(size)
    }
  })

  proves('EXT-21', 'current', 'after an Error without required ids it goes on without', (edition) => {
    const { link, server, requestId } = asking(edition)
    server.send(error(requestId(), [2]))
    expect(kinds(server.received())).toEqual(['OpenExtendedMiningChannel'])
    expect(server.closed).toBeUndefined()
    expect(link.factsOf('extensionsAgreed')).toEqual([{ kind: 'extensionsAgreed', extensions: [] }])
  })

  test('a server that requires what the device has is asked again, another is left', () => {
    const { server, requestId } = asking(current, { extensions: [0x4000] })
    server.send(error(requestId(), [0x4000], [2]))
    const [again] = server.receivedOf('RequestExtensions')
    expect(again).toMatchObject({ requestedExtensions: [2] })
    server.send(success(again!.requestId, 2))
    expect(kinds(server.received())).toEqual(['OpenExtendedMiningChannel'])

    const other = asking(current)
    other.server.send(error(other.requestId(), [], [5]))
    expect(other.server.closed).toBe('extensions 5 are required')
    expect(other.server.received()).toEqual([])
  })
})

describe('a server that does not answer', () => {
  /** Dials again, as the driver does after `redial`, and sets the connection up after 100 ms. */
  const again = (link: DeviceWorld['link']) => {
    const server = dialed(link, current)
    server.received()
    link.advance(100)
    server.send(SETUP)
    return server
  }

  proves(
    'EXT-20',
    'current',
    'is waited for twice the connect time, then five times on a new connection, then gone without',
    (edition) => {
      const { link, server } = asking(edition)
      link.advance(199)
      expect(server.closed).toBeUndefined()
      link.advance(1)
      expect(server.closed).toBe('no answer to RequestExtensions')
      expect(link.factsOf('redial')).toEqual([{ kind: 'redial', host: '', port: 0 }])

      const second = again(link)
      expect(kinds(second.received())).toEqual(['RequestExtensions'])
      link.advance(499)
      expect(second.closed).toBeUndefined()
      link.advance(1)
      expect(second.closed).toBe('no answer to RequestExtensions')

      const third = again(link)
      expect(kinds(third.received())).toEqual(['OpenExtendedMiningChannel'])
      work(third)
      link.tell(found(works(link)[0]!))
      expect(third.receivedOf('SubmitSharesExtended')[0]).not.toHaveProperty('userIdentity')
      link.advance(60_000)
      expect(third.closed).toBeUndefined()

      // what it does not know is remembered, for as long as it will hardly have learned it
      third.disconnect()
      const fourth = again(link)
      expect(kinds(fourth.received())).toEqual(['OpenExtendedMiningChannel'])
      link.advance(3_600_000)
      fourth.disconnect()
      expect(kinds(again(link).received())).toEqual(['RequestExtensions'])
    },
  )

  proves('EXT-20', 'current', 'a fast line gives it 100 ms all the same', (edition) => {
    const { link, server } = asking(edition, {}, 1)
    link.advance(99)
    expect(server.closed).toBeUndefined()
    link.advance(1)
    expect(server.closed).toBeDefined()
  })

  test('one that closes the connection instead is treated alike', () => {
    const { link, server } = asking(current)
    server.disconnect()
    again(link).disconnect()
    expect(kinds(again(link).received())).toEqual(['OpenExtendedMiningChannel'])
  })

  test('one that answered is given the short time again', () => {
    const { link, server, requestId } = asking(current)
    server.send(success(requestId(), 2))
    server.disconnect()
    const second = again(link)
    link.advance(200)
    expect(second.closed).toBe('no answer to RequestExtensions')
  })
})

proves(
  'EXT-06',
  'current',
  'ChannelEndpointChanged: nothing agreed on holds until it is agreed on anew',
  (edition) => {
    const { link, server, requestId } = asking(edition)
    server.send(success(requestId(), 2))
    work(server)
    const [order] = works(link)
    const submit = () => {
      link.tell(found(order!))
      return server.receivedOf('SubmitSharesExtended').map(({ userIdentity }) => userIdentity)
    }
    expect(submit()).toEqual(['rig7'])
    server.send({ type: 'ChannelEndpointChanged', channelId: CHANNEL })
    const [again] = server.receivedOf('RequestExtensions')
    expect(again).toMatchObject({ requestedExtensions: [2] })
    expect(submit()).toEqual([undefined])
    server.send(success(again!.requestId, 2))
    expect(submit()).toEqual(['rig7'])
    expect(server.closed).toBeUndefined()
  },
)

test('ChannelEndpointChanged in the draft, which has no extensions: work goes on', () => {
  const { link, server } = asking(draft)
  work(server)
  server.send({ type: 'ChannelEndpointChanged', channelId: CHANNEL })
  expect(server.received()).toEqual([])
  link.tell(found(works(link)[0]!))
  expect(server.receivedOf('SubmitSharesExtended')).toHaveLength(1)
})
