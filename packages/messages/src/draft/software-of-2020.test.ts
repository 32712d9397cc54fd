import { describe, expect, test } from 'vitest'
import { ends, frameIn, messageOf, vectorsOf } from '../_fixtures.ts'
import type { Message, MessageNamed } from '../index.ts'
import { draft } from './index.ts'

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
