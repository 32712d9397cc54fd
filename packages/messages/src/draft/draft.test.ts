import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ends, frameIn, hex, messageOf, thrown, unhex, vectorsOf, withPayload } from '../_fixtures.ts'
import { editionConformance } from '../edition.conformance.ts'
import { EditionError, ERROR_CODES, type Message, type MessageNamed } from '../index.ts'
import { draftCode } from './error-codes.ts'
import { DRAFT_ERROR_CODES, draft } from './index.ts'
import { joinOutputs } from './output-list.ts'

const listed = (message: keyof typeof DRAFT_ERROR_CODES) => fc.constantFrom(...DRAFT_ERROR_CODES[message])
const output = fc
  .uint8Array({ maxLength: 60 })
  .map((script) => Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, script.length, ...script))

editionConformance(draft, {
  ...Object.fromEntries(
    Object.keys(DRAFT_ERROR_CODES).map((type) => [
      `${type}.errorCode`,
      listed(type as keyof typeof DRAFT_ERROR_CODES),
    ]),
  ),
  // 0 is read as 2
  'SetupConnection.Success.usedVersion': fc.integer({ min: 1, max: 0xffff }),
  errorCode: fc.stringMatching(/^[a-z-]{0,60}$/),
  reasonCode: fc.stringMatching(/^[a-z-]{0,32}$/),
  'NewMiningJob.futureJob': fc.constant(true),
  'NewExtendedMiningJob.futureJob': fc.constant(true),
  'SetCustomMiningJob.futureJob': fc.constant(false),
  'SetCustomMiningJob.coinbaseTxOutputs': fc.array(output, { maxLength: 300 }),
})

function vectorMessage<T extends Message['type']>(id: string, type: T): MessageNamed<T> {
  const message = messageOf(vectorsOf('draft').find((vector) => vector.id === `draft-${id}`)!)
  if (message.type !== type) throw new Error(message.type)
  return message as MessageNamed<T>
}

const job = vectorMessage('NewMiningJob', 'NewMiningJob')
const openSuccess = vectorMessage('OpenStandardMiningChannel.Success', 'OpenStandardMiningChannel.Success')
const prevHash = vectorMessage('SetNewPrevHash', 'SetNewPrevHash')

/**
 * A connection on which `say` brings a server's message through the wire to the client as one frame, and `told` as what
 * the server makes of it.
 */
function aConnection() {
  const { client, server } = ends(draft)
  const told = (message: Message): Message[] => {
    const frames: Uint8Array[] = []
    server.say(message, frames)
    return frames.map((frame) => client.decode(frameIn(frame)))
  }
  return { client, server, told, say: (message: Message) => client.decode(frameIn(server.encode(message))) }
}

describe('jobs', () => {
  test('future_job is the opposite of a present minNtime', () => {
    const activeBit = (minNtime: number | undefined) => frameIn(draft.encode({ ...job, minNtime })).payload[8]
    expect([activeBit(undefined), activeBit(5)]).toEqual([1, 0])
  })

  test('an active job starts at the time of the last SetNewPrevHash of its channel', () => {
    const { say } = aConnection()
    say({ ...openSuccess, channelId: 2, groupChannelId: 7 })
    say({ ...prevHash, channelId: 2, minNtime: 1000 })
    say({ ...prevHash, channelId: 2, minNtime: 2000 })
    expect(say({ ...job, channelId: 2, minNtime: 1 })).toEqual({ ...job, channelId: 2, minNtime: 2000 })
    expect(say({ ...job, channelId: 2, minNtime: undefined })).toEqual({
      ...job,
      channelId: 2,
      minNtime: undefined,
    })
  })

  test('a SetNewPrevHash of the group counts as well, the later one wins', () => {
    const { say } = aConnection()
    say({ ...openSuccess, channelId: 2, groupChannelId: 7 })
    say({ ...prevHash, channelId: 2, minNtime: 1000 })
    say({ ...prevHash, channelId: 7, minNtime: 2000 })
    expect(say({ ...job, channelId: 2, minNtime: 1 })).toMatchObject({ minNtime: 2000 })
    say({ ...prevHash, channelId: 2, minNtime: 3000 })
    expect(say({ ...job, channelId: 2, minNtime: 1 })).toMatchObject({ minNtime: 3000 })
    const extended = { ...vectorMessage('NewExtendedMiningJob', 'NewExtendedMiningJob'), minNtime: 1 }
    expect(say({ ...extended, channelId: 7 })).toEqual({ ...extended, channelId: 7, minNtime: 2000 })
  })

  test('SetGroupChannel moves a channel to another group', () => {
    const { say } = aConnection()
    say({ ...openSuccess, channelId: 2, groupChannelId: 7 })
    say({ ...openSuccess, channelId: 3, groupChannelId: 8 })
    say({ ...prevHash, channelId: 7, minNtime: 1000 })
    say({ ...prevHash, channelId: 8, minNtime: 2000 })
    say({ type: 'SetGroupChannel', groupChannelId: 8, channelIds: [2, 99] })
    expect(say({ ...job, channelId: 2, minNtime: 1 })).toMatchObject({ minNtime: 2000 })
  })

  test('an active job before any SetNewPrevHash of its channel is a future one', () => {
    const { say } = aConnection()
    expect(say({ ...job, channelId: 2, minNtime: 1 })).toEqual({ ...job, channelId: 2, minNtime: undefined })
    say({ ...openSuccess, channelId: 2, groupChannelId: 7 })
    say({ ...prevHash, channelId: 3, minNtime: 1000 })
    expect(say({ ...job, channelId: 2, minNtime: 1 })).toEqual({ ...job, channelId: 2, minNtime: undefined })
  })

  describe('a job that is good from a later time on than its client knows', () => {
    const later = { ...job, channelId: 2, jobId: 8, minNtime: 2000 }

    test('is told as a future job with a SetNewPrevHash of the same tip and its own time', () => {
      const { server, say, told } = aConnection()
      say({ ...openSuccess, channelId: 2, groupChannelId: 7 })
      say({ ...prevHash, channelId: 7, minNtime: 1000 })
      expect(told({ ...later, minNtime: 1000 })).toEqual([{ ...later, minNtime: 1000 }])
      const { prevHash: hash, nbits } = prevHash
      expect(told(later)).toEqual([
        { ...later, minNtime: undefined },
        { type: 'SetNewPrevHash', channelId: 2, jobId: 8, prevHash: hash, minNtime: 2000, nbits },
      ])
      // what follows is held against that time
      expect(told({ ...later, jobId: 9 })).toHaveLength(1)
      expect(() => server.encode({ ...later, jobId: 9 })).not.toThrow()
    })

    test('is encoded once for all clients that know the same tip', () => {
      const all = [aConnection(), aConnection()]
      const tip = { ...prevHash, channelId: 7, minNtime: 1000 }
      const frames = all.map(({ server }) => {
        server.encode({ ...openSuccess, channelId: 2, groupChannelId: 7 })
        server.encode(tip)
        const said: Uint8Array[] = []
        server.say(later, said)
        return said
      })
      expect(frames[0]).toHaveLength(2)
      expect(frames[1]![0]).toBe(frames[0]![0])
      expect(frames[1]![1]).toBe(frames[0]![1])
    })

    test('keeps the hash of the tip, whatever becomes of the bytes it was told from', () => {
      const { say, told } = aConnection()
      say({ ...openSuccess, channelId: 2, groupChannelId: 7 })
      const view = prevHash.prevHash.slice()
      say({ ...prevHash, channelId: 7, prevHash: view, minNtime: 1000 })
      view.fill(0xee)
      expect(told(later)[1]).toMatchObject({ prevHash: prevHash.prevHash })
    })
  })

  test('a closed channel is forgotten, whoever closes it', () => {
    const { client, say } = aConnection()
    const close = { type: 'CloseChannel', channelId: 2, reasonCode: '' } as const
    for (const shut of [() => say(close), () => client.encode(close)]) {
      say({ ...openSuccess, channelId: 2, groupChannelId: 7 })
      say({ ...prevHash, channelId: 7, minNtime: 1000 })
      shut()
      say({ ...openSuccess, channelId: 2, groupChannelId: 7 })
      expect(say({ ...job, channelId: 2, minNtime: 1 })).toMatchObject({ minNtime: undefined })
    }
  })
})

describe('opening channels', () => {
  const standard = vectorMessage('OpenStandardMiningChannel', 'OpenStandardMiningChannel')
  const extended = vectorMessage('OpenExtendedMiningChannel', 'OpenExtendedMiningChannel')
  const refused = { type: 'OpenMiningChannel.Error', requestId: 1, errorCode: 'unknown-user' } as const

  test('POOL-20 (draft): a refusal has number 0x12 for a standard request, 0x15 for an extended one', () => {
    const { client, server } = ends(draft)
    server.decode(frameIn(client.encode({ ...standard, requestId: 1 })))
    server.decode(frameIn(client.encode({ ...extended, requestId: 2 })))
    const numberFor = (requestId: number) => frameIn(server.encode({ ...refused, requestId })).msgType
    expect([numberFor(2), numberFor(1)]).toEqual([0x15, 0x12])
    expect(numberFor(2)).toBe(0x12)
  })

  test('an answered request is forgotten', () => {
    const { client, server } = ends(draft)
    const success = vectorMessage('OpenExtendedMiningChannel.Success', 'OpenExtendedMiningChannel.Success')
    server.decode(frameIn(client.encode({ ...extended, requestId: 2 })))
    server.encode({ ...success, requestId: 2 })
    expect(frameIn(server.encode({ ...refused, requestId: 2 })).msgType).toBe(0x12)
  })

  test('requests nobody answers do not pile up', () => {
    const { client, server } = ends(draft)
    const request = frameIn(client.encode({ ...extended, requestId: 0 }))
    const view = new DataView(request.payload.buffer)
    for (let requestId = 0; requestId <= 65_536; requestId++) {
      view.setUint32(0, requestId, true)
      server.decode(request)
    }
    const numberFor = (requestId: number) => frameIn(server.encode({ ...refused, requestId })).msgType
    expect([numberFor(0), numberFor(1), numberFor(65_536)]).toEqual([0x12, 0x15, 0x15])
  })

  test('an extended channel is its own group', () => {
    const success = vectorMessage('OpenExtendedMiningChannel.Success', 'OpenExtendedMiningChannel.Success')
    expect(success.groupChannelId).toBe(success.channelId)
    expect(hex(draft.encode({ ...success, groupChannelId: 1234 }))).toBe(hex(draft.encode({ ...success })))
  })
})

describe('error codes', () => {
  test.each([
    ['SubmitShares.Error', 'stale-share', 'stale-share'],
    ['OpenMiningChannel.Error', 'invalid-user-identity', 'unknown-user'],
    ['SetCustomMiningJob.Error', 'invalid-nbits', 'invalid-job-param-value-nbits'],
    ['SetCustomMiningJob.Error', 'invalid-job-param-value-anything', 'invalid-job-param-value-anything'],
    ['RequestTransactionData.Error', 'stale-template-id', 'template-id-not-found'],
    ['SetupConnection.Error', 'missing-declare-tx-data-flag', 'unsupported-feature-flags'],
  ] as const)('ERR-09 (draft): %s says %s as %s', (type, code, said) => {
    const message = vectorsOf('draft')
      .map(messageOf)
      .find((each) => each.type === type)!
    const payload = frameIn(draft.encode({ ...message, errorCode: code } as Message)).payload
    expect(hex(payload).endsWith(hex(new TextEncoder().encode(said)))).toBe(true)
  })

  test('a cause that the draft has no code for is told by a code of its own, never by that of another', () => {
    const said = (type: keyof typeof DRAFT_ERROR_CODES, code: string): string => draftCode(type, code)
    const own = ['invalid-job-id', 'duplicate-share', 'bad-extranonce-size', 'invalid-share']
    for (const code of own) expect(said('SubmitShares.Error', code)).toBe(code)
    expect(said('SubmitShares.Error', 'invalid-non-rollable-version-bit')).toHaveLength(32)
    for (const code of ['channel-capacity-exhausted', 'min-extranonce-size-too-large'])
      expect(said('OpenMiningChannel.Error', code)).toBe(code)
    expect(said('OpenMiningChannel.Error', 'standard-channels-not-supported-for-custom-work')).toBe(
      'standard-channels-not-supported',
    )
    expect(said('UpdateChannel.Error', 'invalid-nominal-hashrate')).toBe('invalid-nominal-hashrate')
    expect(said('SetCustomMiningJob.Error', 'jd-not-supported')).toBe('jd-not-supported')
    expect(said('SubmitShares.Error', 'x'.repeat(200))).toBe('x'.repeat(32))
  })

  test('ERR-06 (draft): every code in use goes out in printable ASCII, and fits', () => {
    for (const [type, codes] of Object.entries(ERROR_CODES)) {
      if (!(type in DRAFT_ERROR_CODES)) continue
      const message = vectorsOf('draft')
        .map(messageOf)
        .find((each) => each.type === type)!
      for (const errorCode of codes) {
        const frame = frameIn(draft.encode({ ...message, errorCode } as Message))
        const protocol = draft.table.byType(message.type)!.declaration.area
        const client = draft.connection({
          side: 'client',
          protocol: protocol === 'templates' ? 'templates' : 'mining',
        })
        const heard = client.decode(frame)
        const said = 'errorCode' in heard ? heard.errorCode : ''
        expect(said).toMatch(/^[\x21-\x7e]+$/)
        expect(said.length <= 32 || said.startsWith('invalid-job-param-value-'), said).toBe(true)
      }
    }
  })

  test('a reason passed on is shortened to 32 bytes, at a character', () => {
    const reason = (reasonCode: string) => {
      const { client, say } = aConnection()
      expect(client.protocol).toBe('mining')
      const heard = say({ type: 'CloseChannel', channelId: 1, reasonCode })
      return heard.type === 'CloseChannel' ? heard.reasonCode : undefined
    }
    expect(reason('x'.repeat(300))).toBe('x'.repeat(32))
    expect(reason('é'.repeat(20))).toBe('é'.repeat(16))
    expect(reason(`${'x'.repeat(31)}é`)).toBe('x'.repeat(31))
  })
})

describe('custom jobs', () => {
  const custom = vectorMessage('SetCustomMiningJob', 'SetCustomMiningJob')

  test('the outputs are a list on the wire and one block for roles', () => {
    const outputs = [Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 1, 0x51), Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 0)]
    const frame = frameIn(draft.encode({ ...custom, coinbaseTxOutputs: joinOutputs(outputs) }))
    expect(hex(frame.payload)).toContain('02000a000100000000000000015109000200000000000000')
  })

  test('more than 252 outputs come back', () => {
    const block = joinOutputs(Array.from({ length: 300 }, () => Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 0)))
    const { client, server } = ends(draft)
    const heard = server.decode(frameIn(client.encode({ ...custom, coinbaseTxOutputs: block })))
    expect(heard).toMatchObject({ coinbaseTxOutputs: block })
  })

  test.each([
    ['no count', ''],
    ['fewer outputs than counted', '02000000000000000000'],
    ['a cut script', '0100000000000000000551'],
    ['bytes after the last output', '0000'],
    ['a script of 2^32 bytes', `01${'00'.repeat(8)}ff${'01'.repeat(8)}`],
    ['a script of 2^24 bytes', `01${'00'.repeat(8)}fe00000001`],
  ])('outputs with %s are unrepresentable', (_, block) => {
    expect(thrown(() => draft.encode({ ...custom, coinbaseTxOutputs: unhex(block) }))).toMatchObject({
      code: 'unrepresentable',
    })
  })

  test('the extranonce size is the one granted to the channel, unless the job says', () => {
    const { client, say } = aConnection()
    const success = vectorMessage('OpenExtendedMiningChannel.Success', 'OpenExtendedMiningChannel.Success')
    const { extranonceSize: _, coinbaseTxValueRemaining: __, ...bare } = custom
    expect(thrown(() => client.encode(bare))).toMatchObject({ code: 'unrepresentable' })
    say({ ...success, channelId: custom.channelId, extranonceSize: 12 })
    expect(ends(draft).server.decode(frameIn(client.encode(bare)))).toMatchObject({
      extranonceSize: 12,
      coinbaseTxValueRemaining: 0n,
    })
    expect(ends(draft).server.decode(frameIn(client.encode({ ...bare, extranonceSize: 6 })))).toMatchObject({
      extranonceSize: 6,
    })
  })

  test('future_job is not looked at', () => {
    const frame = frameIn(draft.encode(custom))
    frame.payload[frame.payload.length - 1] = 1
    expect(ends(draft).server.decode(frame)).toEqual(custom)
  })

  test('a success without the coinbase is unrepresentable', () => {
    const success = { type: 'SetCustomMiningJob.Success', channelId: 1, requestId: 2, jobId: 3 } as const
    expect(thrown(() => draft.encode(success))).toMatchObject({ code: 'unrepresentable' })
  })
})

describe('tokens', () => {
  test('the room to reserve is the size of the outputs when nobody says it', () => {
    const token = {
      type: 'AllocateMiningJobToken.Success',
      requestId: 1,
      miningJobToken: unhex('aa'),
      coinbaseTxOutputs: joinOutputs([new Uint8Array(9), new Uint8Array(9)]),
    } as const
    const { client, server } = ends(draft, 'negotiation')
    expect(client.decode(frameIn(server.encode(token)))).toMatchObject({
      coinbaseOutputMaxAdditionalSize: 18,
      asyncMiningAllowed: false,
    })
  })

  test('bytes after AllocateMiningJobToken.Error are passed over', () => {
    const vector = vectorsOf('draft').find(({ id }) => id === 'draft-AllocateMiningJobToken.Error')!
    const frame = frameIn(vector.frame)
    const longer = withPayload(frame, `${hex(frame.payload)}ff`)
    expect(ends(draft, 'negotiation').client.decode(longer)).toEqual(messageOf(vector))
  })
})

describe('what is not there', () => {
  test.each(vectorsOf('draft').filter(({ id }) => !/AllocateMiningJobToken.Error|-bytes/.test(id)))(
    'FRM-11 (draft): bytes after $id are refused',
    (vector) => {
      const { client, server } = ends(draft, vector.protocol)
      const frame = frameIn(vector.frame)
      const longer = withPayload(frame, `${hex(frame.payload)}00`)
      const error = thrown(() => (vector.from === 'client' ? server : client).decode(longer))
      expect(error).toMatchObject({ code: 'trailing-bytes' })
    },
  )

  test('extension 0x0001 is not negotiation', () => {
    expect(ends(draft).server.decode(frameIn('0100000800000700020002000300'))).toMatchObject({
      type: 'Opaque',
      extensionType: 1,
    })
  })

  test.each<Message>([
    { type: 'RequestExtensions', requestId: 1, requestedExtensions: [2] },
    { type: 'DeclareMiningJob.Success', requestId: 1, newMiningJobToken: new Uint8Array(1) },
    messageOf(vectorsOf('current').find(({ id }) => id === 'current-A4-PushSolution')!),
    messageOf(vectorsOf('current').find(({ id }) => id === 'current-DeclareMiningJob')!),
  ])('$type is unrepresentable', (message) => {
    expect(thrown(() => draft.encode(message))).toBeInstanceOf(EditionError)
    expect(thrown(() => draft.encode(message))).toMatchObject({ code: 'unrepresentable' })
  })

  test('Reconnect belongs to the mining protocol', () => {
    const reconnect = { type: 'Reconnect', newHost: '', newPort: 0 } as const
    expect(thrown(() => ends(draft, 'templates').server.encode(reconnect))).toMatchObject({
      code: 'wrong-protocol',
    })
  })

  test('an extranonce above 31 bytes is not sent', () => {
    const share = {
      ...vectorMessage('SubmitSharesExtended', 'SubmitSharesExtended'),
      extranonce: new Uint8Array(32),
    }
    expect(thrown(() => draft.encode(share))).toMatchObject({
      code: 'over-long',
      path: 'SubmitSharesExtended.extranonce',
    })
  })
})
