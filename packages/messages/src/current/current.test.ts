import { CodecError } from '@sv2/codec'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ends, frameIn, hex, messageOf, thrown, vectorsOf, withPayload } from '../_fixtures.ts'
import { editionConformance } from '../edition.conformance.ts'
import { EditionError, type Message, type SubmitSharesExtended } from '../index.ts'
import { current } from './index.ts'

const code = fc.stringMatching(/^[a-z-]{0,60}$/)

editionConformance(current, { errorCode: code, reasonCode: code })

const share: SubmitSharesExtended = {
  type: 'SubmitSharesExtended',
  channelId: 1,
  sequenceNumber: 2,
  jobId: 3,
  nonce: 0x11223344,
  ntime: 0x65a0b0c0,
  version: 0x20000000,
  extranonce: Uint8Array.of(0xde, 0xad, 0xbe, 0xef),
}
const plainFrame = '00801b1d000001000000020000000300000044332211c0b0a0650000002004deadbeef'
const withTail = (tail: string) => withPayload(frameIn(plainFrame), plainFrame.slice(12) + tail)
const negotiated = { negotiated: [2] }

describe('extension negotiation', () => {
  test('FRM-08 (current): core messages carry extension id 0', () => {
    const core = current.table.spellings.filter(({ declaration }) => declaration.area !== 'extensions')
    expect(new Set(core.map(({ declaration }) => declaration.extensionType))).toEqual(new Set([0]))
  })

  test('FRM-09, EXT-23 (current): messages of extension 0x0001 carry its id and no channel_msg', () => {
    const { client } = ends(current)
    const frame = client.encode({ type: 'RequestExtensions', requestId: 7, requestedExtensions: [2, 3] })
    expect(hex(frame.slice(0, 2))).toBe('0100')
  })

  test('an unknown message of extension 0x0001 is passed over', () => {
    const frame = { extensionType: 1, channelMsg: false, msgType: 3, payload: new Uint8Array(8) }
    expect(ends(current).server.decode(frame)).toEqual({ type: 'Opaque', ...frame })
  })
})

describe('worker names', () => {
  test('EXT-24, EXT-08 (current): once negotiated, every share ends with a user_identity field', () => {
    const { client } = ends(current, 'mining', negotiated)
    expect(hex(client.encode({ ...share, userIdentity: 'Worker_001' }))).toBe(
      '00801b2c000001000000020000000300000044332211c0b0a0650000002004deadbeef0200010a00576f726b65725f303031',
    )
    expect(hex(client.encode(share)).endsWith('deadbeef0200010000')).toBe(true)
  })

  test('FRM-10 (current): the frame keeps extension id 0 and its number', () => {
    const frame = frameIn(ends(current, 'mining', negotiated).client.encode({ ...share, userIdentity: 'w' }))
    expect([frame.extensionType, frame.msgType]).toEqual([0, 0x1b])
  })

  test('EXT-25 (current): not negotiated, it is not sent and not looked at', () => {
    const { client, server } = ends(current)
    expect(hex(client.encode({ ...share, userIdentity: 'Worker_001' }))).toBe(plainFrame)
    expect(server.decode(withTail('0200010a00576f726b65725f303031'))).toEqual(share)
    expect(server.decode(withTail(`0200012100${'78'.repeat(33)}`))).toEqual(share)
  })

  test('EXT-25 (current): an answer that leaves 0x0002 out turns it off', () => {
    const { client, server } = ends(current, 'mining', { negotiated: [3] })
    expect(hex(client.encode({ ...share, userIdentity: 'w' }))).toBe(plainFrame)
    expect(server.decode(withTail('020001010077'))).toEqual(share)
  })

  test('EXT-15, EXT-16 (current): an answer to nothing that was asked turns nothing on', () => {
    const { client, server } = ends(current)
    const answer = { type: 'RequestExtensions.Success', supportedExtensions: [2] } as const
    const afterAnswer = (requestId: number) => {
      client.decode(frameIn(server.encode({ ...answer, requestId })))
      return hex(client.encode({ ...share, userIdentity: 'w' }))
    }
    expect(afterAnswer(7)).toBe(plainFrame)
    client.encode({ type: 'RequestExtensions', requestId: 7, requestedExtensions: [3] })
    expect(afterAnswer(7)).toBe(plainFrame)
    client.encode({ type: 'RequestExtensions', requestId: 8, requestedExtensions: [2] })
    expect(afterAnswer(7)).toBe(plainFrame)
    expect(afterAnswer(8)).toContain('020001010077')
    client.encode({ type: 'RequestExtensions', requestId: 9, requestedExtensions: [2] })
    expect(hex(client.encode({ ...share, userIdentity: 'w' }))).toBe(plainFrame)
  })

  test('EXT-28 (current): user_identity is 0 … 32 bytes, and 33 are refused both ways', () => {
    const { client, server } = ends(current, 'mining', negotiated)
    for (let size = 0; size <= 34; size++) {
      const named = { ...share, userIdentity: 'x'.repeat(size) }
      const tail = `020001${size.toString(16).padStart(2, '0')}00${'78'.repeat(size)}`
      if (size <= 32) {
        expect(hex(client.encode(named)).endsWith(`deadbeef${tail}`)).toBe(true)
        expect(server.decode(withTail(tail))).toEqual(named)
      } else {
        expect(thrown(() => client.encode(named))).toMatchObject({ code: 'over-long' })
        expect(thrown(() => server.decode(withTail(tail)))).toMatchObject({ code: 'over-long' })
      }
    }
  })

  test('EXT-26 (current): 32 bytes pass exactly as long as they are', () => {
    const { client, server } = ends(current, 'mining', negotiated)
    for (const name of ['', 'w', 'é'.repeat(16)]) {
      expect(server.decode(frameIn(client.encode({ ...share, userIdentity: name })))).toEqual({
        ...share,
        userIdentity: name,
      })
    }
  })

  test('EXT-10, EXT-26 (current): more than 32 bytes are refused both ways', () => {
    const { client, server } = ends(current, 'mining', negotiated)
    const error = thrown(() => server.decode(withTail(`0200012100${'78'.repeat(33)}`)))
    expect(error).toBeInstanceOf(CodecError)
    expect(error).toMatchObject({ code: 'over-long' })
    expect(thrown(() => client.encode({ ...share, userIdentity: 'x'.repeat(33) }))).toMatchObject({
      code: 'over-long',
    })
  })

  test('EXT-12 (current): length 0 is an empty name', () => {
    expect(ends(current, 'mining', negotiated).server.decode(withTail('0200010000'))).toEqual({
      ...share,
      userIdentity: '',
    })
  })

  test('EXT-11 (current): the field is found among those of other extensions', () => {
    const { server } = ends(current, 'mining', negotiated)
    expect(server.decode(withTail('0100050100ff020001010077'))).toEqual({ ...share, userIdentity: 'w' })
    expect(server.decode(withTail('0200010100770300010100ff'))).toEqual({ ...share, userIdentity: 'w' })
  })

  test('a field that runs past the payload is refused', () => {
    const { server } = ends(current, 'mining', negotiated)
    expect(thrown(() => server.decode(withTail('0200010a0077')))).toMatchObject({ code: 'truncated' })
  })

  test('both byte orders are read, and written as asked', () => {
    const { client, server } = ends(current, 'mining', { ...negotiated, tlvByteOrder: 'big' })
    expect(server.decode(withTail('000201000177'))).toEqual({ ...share, userIdentity: 'w' })
    expect(hex(client.encode({ ...share, userIdentity: 'w' })).endsWith('000201000177')).toBe(true)
  })
})

describe('extension 0x0003', () => {
  const withExtension = { negotiated: [3] }
  const vector = (id: string) => vectorsOf('current').find((each) => each.id === `current-${id}`)!
  const distribution = vector('SetPayoutDistribution')
  const job = vector('SetCustomMiningJob-distribution')

  test('not negotiated, a distribution is a frame of an unknown extension, and is not sent', () => {
    const { client, server } = ends(current, 'negotiation')
    expect(client.decode(frameIn(distribution.frame))).toMatchObject({ type: 'Opaque', extensionType: 3 })
    expect(thrown(() => server.encode(messageOf(distribution)))).toMatchObject({ code: 'unrepresentable' })
  })

  test('not negotiated, a job names none, and what is named is not looked at', () => {
    const { client, server } = ends(current, 'mining', { negotiated: [2] })
    expect(server.decode(frameIn(job.frame))).not.toHaveProperty('distributionId')
    const without = vector('SetCustomMiningJob').frame
    expect(hex(client.encode(messageOf(job)))).toBe(without)
  })

  test('a job that follows none has no field', () => {
    const { client } = ends(current, 'mining', withExtension)
    const plain = vector('SetCustomMiningJob')
    expect(hex(client.encode(messageOf(plain)))).toBe(plain.frame)
  })

  test.each(['0300010900010203040506070809', '030001070001020304050607', '0300010000'])(
    'an id that is not of 8 bytes is refused: %s',
    (tail) => {
      const { server } = ends(current, 'mining', withExtension)
      const frame = frameIn(vector('SetCustomMiningJob').frame)
      const longer = withPayload(frame, `${hex(frame.payload)}${tail}`)
      expect(thrown(() => server.decode(longer))).toBeInstanceOf(CodecError)
    },
  )

  test('an answer that confirms what was not asked for turns nothing on', () => {
    const { client, server } = ends(current, 'negotiation')
    client.encode({ type: 'RequestExtensions', requestId: 1, requestedExtensions: [2] })
    const answer = { type: 'RequestExtensions.Success', requestId: 1, supportedExtensions: [2, 3] } as const
    client.decode(frameIn(server.encode(answer)))
    expect(client.decode(frameIn(distribution.frame)).type).toBe('Opaque')
  })
})

describe('trailing bytes', () => {
  test.each(
    vectorsOf('current').filter(
      ({ id, decodeOnly }) => decodeOnly !== true && !id.includes('worker') && !id.endsWith('-distribution'),
    ),
  )('FRM-12 (current): after $id they are passed over', (vector) => {
    const { client, server } = ends(current, vector.protocol, vector)
    const frame = frameIn(vector.frame)
    const longer = withPayload(frame, `${hex(frame.payload)}deadbeef00`)
    expect((vector.from === 'client' ? server : client).decode(longer)).toEqual(messageOf(vector))
  })
})

describe('what this edition cannot say', () => {
  test.each<Message>([
    { type: 'IdentifyTransactions', requestId: 1 },
    { type: 'CommitMiningJob.Success', requestId: 1, newMiningJobToken: new Uint8Array(1) },
    { type: 'AllocateMiningJobToken.Error', requestId: 1, errorCode: 'x' },
  ])('$type is unrepresentable', (message) => {
    const error = thrown(() => current.encode(message))
    expect(error).toBeInstanceOf(EditionError)
    expect(error).toMatchObject({ code: 'unrepresentable' })
  })

  test('a custom job that leaves value to the pool is unrepresentable', () => {
    const job = messageOf(vectorsOf('current').find(({ id }) => id === 'current-SetCustomMiningJob')!)
    if (job.type !== 'SetCustomMiningJob') throw new Error(job.type)
    const error = thrown(() => current.encode({ ...job, coinbaseTxValueRemaining: 1n }))
    expect(error).toMatchObject({ code: 'unrepresentable' })
    expect(current.encode({ ...job, coinbaseTxValueRemaining: 0n }).length).toBeGreaterThan(0)
  })

  test('FRM-04 (current): a minNtime that is neither absent nor present is refused', () => {
    const frame = frameIn(
      '0080152d00000102030405060708020d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f30',
    )
    expect(thrown(() => ends(current).client.decode(frame))).toMatchObject({
      code: 'bad-option',
      path: 'minNtime',
    })
  })

  test('the reserved number 0x1e is passed over', () => {
    const frame = { extensionType: 0, channelMsg: true, msgType: 0x1e, payload: new Uint8Array(45) }
    expect(ends(current).client.decode(frame)).toMatchObject({ type: 'Opaque', msgType: 0x1e })
  })

  test('ERR-08 (current): a reason with a control character is not sent', () => {
    const close: Message = { type: 'CloseChannel', channelId: 1, reasonCode: 'bye\n' }
    expect(thrown(() => ends(current).server.encode(close))).toBeInstanceOf(CodecError)
  })
})
