import { describe, expect, test } from 'vitest'
import { ends, frameIn, messageOf, vectorsOf } from '../_fixtures.ts'
import type { Message, MessageNamed } from '../index.ts'
import { draft, draftOf2020, draftOf2022 } from './index.ts'

function vectorMessage<T extends Message['type']>(type: T): MessageNamed<T> {
  return messageOf(vectorsOf('draft').find(({ id }) => id === `draft-${type}`)!) as MessageNamed<T>
}

const job = vectorMessage('NewMiningJob')
const openSuccess = vectorMessage('OpenStandardMiningChannel.Success')
const prevHash = vectorMessage('SetNewPrevHash')

/** A connection on which `say` brings a server's message to the client as one frame, and `told` as what the server makes of it. */
function aConnection() {
  const { client, server } = ends(draft)
  const told = (message: Message): Message[] => {
    const frames: Uint8Array[] = []
    server.say(message, frames)
    return frames.map((frame) => client.decode(frameIn(frame)))
  }
  return { client, told, say: (message: Message) => client.decode(frameIn(server.encode(message))) }
}

describe('software of 2020', () => {
  test('that says used_version 0 means the version it was offered, and that is noted once', () => {
    const { client, say } = aConnection()
    expect(say({ type: 'SetupConnection.Success', usedVersion: 0, flags: 1 })).toMatchObject({
      usedVersion: 2,
      flags: 1,
    })
    expect(client.takeNotes()).toEqual([expect.stringContaining('used_version 0')])
    expect(client.takeNotes()).toEqual([])
  })

  test('that makes a channel its own group is understood, and noted', () => {
    const { client, told } = aConnection()
    told({ ...openSuccess, groupChannelId: openSuccess.channelId })
    expect(client.takeNotes()).toEqual([expect.stringContaining('its own group')])
    told({ ...prevHash, channelId: openSuccess.channelId })
    expect(
      told({ ...job, channelId: openSuccess.channelId, minNtime: prevHash.minNtime }).at(-1),
    ).toMatchObject({
      minNtime: prevHash.minNtime,
    })
  })

  test('others are not noted', () => {
    const { client, told } = aConnection()
    told({ type: 'SetupConnection.Success', usedVersion: 2, flags: 0 })
    told(openSuccess)
    expect(client.takeNotes()).toEqual([])
  })
})

describe('to software of its year', () => {
  const payload = (frame: Uint8Array): Uint8Array => frame.subarray(6)
  const acknowledged = (newSharesSum: bigint) =>
    ({ ...vectorMessage('SubmitShares.Success'), newSharesSum }) as const

  test.each([
    [9n, 9n],
    [0xffff_ffffn, 0xffff_ffffn],
    [0x1_0000_0000n, 0xffff_ffffn],
  ])('of 2020 a sum of %i shares is told in 32 bits, as %i', (sum, told) => {
    const message = acknowledged(sum)
    expect(payload(draft.encode(message))).toHaveLength(20)
    const frame = draftOf2020.encode(message)
    expect(payload(frame)).toHaveLength(16)
    expect(ends(draft).client.decode(frameIn(frame))).toEqual(acknowledged(told))
  })

  test('of 2022 a merkle root is told behind its length, and read as the other is', () => {
    const plain = payload(draft.encode(job))
    const prefixed = draftOf2022.encode(job)
    expect(plain).toHaveLength(45)
    expect(payload(prefixed)).toEqual(
      Uint8Array.from([...plain.subarray(0, 13), 0x20, ...plain.subarray(13)]),
    )
    expect(ends(draft).client.decode(frameIn(prefixed))).toEqual(
      ends(draft).client.decode(frameIn(draft.encode(job))),
    )
  })

  test('of 2022 sends messages of channels under the number 1, which the draft keeps for nobody', () => {
    const share = vectorMessage('SubmitSharesStandard')
    const frame = frameIn(draft.encode(share))
    const odd = { ...frame, extensionType: 1, channelMsg: false }
    expect(ends(draftOf2022).server.decode(odd)).toEqual(share)
    expect(ends(draftOf2020).server.decode(odd)).toMatchObject({ type: 'Opaque' })
    expect(ends(draft).server.decode(odd)).toMatchObject({ type: 'Opaque' })
  })

  test('all else is told as to everybody', () => {
    for (const edition of [draftOf2020, draftOf2022]) {
      expect(edition.encode(openSuccess)).toEqual(draft.encode(openSuccess))
      expect(edition.encode(prevHash)).toEqual(draft.encode(prevHash))
    }
  })
})
