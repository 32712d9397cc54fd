import { CodecError } from '@sv2/codec'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { arbitraryFrame, type Overrides } from './_arbitrary-frame.ts'
import {
  ends,
  frameIn,
  hex,
  messageOf,
  receiverOf,
  senderOf,
  thrown,
  vectorsOf,
  withPayload,
} from './_fixtures.ts'
import {
  EditionError,
  type EditionWithTable,
  type Message,
  PROTOCOL_NUMBERS,
  type SubProtocol,
} from './index.ts'

const PROTOCOLS: readonly SubProtocol[] = ['mining', 'negotiation', 'templates']

/** What holds in every edition. `overrides`: field values that survive the way through the domain. */
export function editionConformance<M>(edition: EditionWithTable<M>, overrides: Overrides): void {
  const tag = edition.name
  const vectors = vectorsOf(edition.name)
  const expectCode = (step: () => unknown, code: EditionError['code']) => {
    const error = thrown(step)
    expect(error).toBeInstanceOf(EditionError)
    expect((error as EditionError).code).toBe(code)
  }

  describe('vectors', () => {
    test('there is one for every message', () => {
      const covered = new Set(vectors.map((vector) => messageOf(vector).type))
      expect(edition.table.spellings.map(({ type }) => type).filter((type) => !covered.has(type))).toEqual([])
    })

    test.each(vectors)(`FRM-01 (${tag}): $id is read`, (vector) => {
      // toEqual: an absent option and one that is undefined mean the same
      expect(receiverOf(edition, vector).decode(frameIn(vector.frame))).toEqual(messageOf(vector))
    })

    test.each(vectors.filter(({ decodeOnly }) => decodeOnly !== true))(
      `FRM-01 (${tag}): $id is written`,
      (vector) => {
        expect(hex(senderOf(edition, vector).encode(messageOf(vector)))).toBe(vector.frame)
      },
    )

    test.each(vectors)(`FRM-13 (${tag}): $id is refused wherever it is cut`, (vector) => {
      const frame = frameIn(vector.frame)
      for (let length = 0; length < frame.payload.length; length++) {
        if (vector.acceptedCuts?.includes(length) === true) continue
        const cut = withPayload(frame, frame.payload.slice(0, length))
        expect(
          thrown(() => receiverOf(edition, vector).decode(cut)),
          `${length} bytes`,
        ).toBeInstanceOf(CodecError)
      }
    })

    test.each(vectors)(`FRM-05 (${tag}): $id is found whatever its channel_msg bit says`, (vector) => {
      const frame = frameIn(vector.frame)
      const flipped = { ...frame, channelMsg: !frame.channelMsg, extensionType: frame.extensionType | 0x8000 }
      expect(receiverOf(edition, vector).decode(flipped)).toEqual(messageOf(vector))
    })

    test.each(vectors.filter(({ frame }) => frame.slice(2, 4) === '80'))(
      `FRM-06 (${tag}): $id has channel_msg set and its channel id first`,
      (vector) => {
        const message = messageOf(vector)
        if (!('channelId' in message) || message.channelId === undefined) throw new Error('no channel id')
        const payload = frameIn(senderOf(edition, vector).encode(message)).payload
        expect(new DataView(payload.buffer).getUint32(0, true)).toBe(message.channelId)
      },
    )
  })

  describe('the table', () => {
    const declared = edition.table.spellings.map(({ declaration }) => declaration)

    test(`FRM-06 (${tag}): every message with channel_msg starts with channel_id`, () => {
      const starts = declared
        .filter(({ channelMsg }) => channelMsg)
        .map(({ fields }) => Object.keys(fields)[0])
      expect(new Set(starts)).toEqual(new Set(['channelId']))
    })

    test(`FRM-07 (${tag}): negotiation and template distribution never set channel_msg`, () => {
      const others = declared.filter(({ area }) => area === 'negotiation' || area === 'templates')
      expect(others.length).toBeGreaterThan(0)
      expect(others.filter(({ channelMsg }) => channelMsg)).toEqual([])
    })
  })

  describe('frames', () => {
    test('whatever an honest sender writes comes back to the byte', () => {
      fc.assert(
        fc.property(arbitraryFrame(edition, overrides), ({ spelling, frame }) => {
          const { area, direction } = spelling.declaration
          const protocol = PROTOCOLS.find((each) => each === area) ?? 'mining'
          const { client, server } = ends(edition, protocol)
          const message = (direction === 'to-server' ? server : client).decode(frameIn(frame))
          const again = (direction === 'to-server' ? client : server).encode(message)
          expect(hex(again)).toBe(hex(frame))
        }),
        { numRuns: 500 },
      )
    })

    test('whatever bytes a peer sends give a message, a CodecError or an EditionError', () => {
      const bytes = fc.uint8Array({ maxLength: 120 })
      const number = fc.constantFrom(...edition.table.spellings.map(({ declaration }) => declaration.number))
      fc.assert(
        fc.property(
          fc.constantFrom(...PROTOCOLS),
          fc.boolean(),
          number,
          bytes,
          (protocol, server, msgType, payload) => {
            const speller = edition.connection({ side: server ? 'server' : 'client', protocol })
            try {
              expect(
                speller.decode({ extensionType: 0, channelMsg: false, msgType, payload }).type,
              ).toBeTypeOf('string')
            } catch (error) {
              if (!(error instanceof CodecError || error instanceof EditionError)) throw error
            }
          },
        ),
        { numRuns: 500 },
      )
    })

    test(`FRM-02, FRM-03 (${tag}): the upper bits of a BOOL do not count`, () => {
      const vector = vectors.find(({ id }) => id === `${tag}-A4-NewTemplate`)!
      const futureTemplate = (byte: number) => {
        const frame = frameIn(vector.frame)
        frame.payload[8] = byte
        const message = receiverOf(edition, vector).decode(frame)
        return message.type === 'NewTemplate' && message.futureTemplate
      }
      expect([0x00, 0xfe, 0x01, 0xff, 0x80].map(futureTemplate)).toEqual([false, false, true, true, false])
    })

    test('a frame for many connections is made once', () => {
      const job: Message = {
        type: 'NewMiningJob',
        channelId: 1,
        jobId: 2,
        minNtime: undefined,
        version: 3,
        merkleRoot: new Uint8Array(32),
      }
      const one = edition.connection({ side: 'server', protocol: 'mining' }).encode(job)
      expect(edition.connection({ side: 'server', protocol: 'mining' }).encode(job)).toBe(one)
      expect(edition.encode(job)).toBe(one)
      expect(edition.encode({ ...job, jobId: 3 })).not.toBe(one)
    })
  })

  describe('who may say what', () => {
    const anyFrame = (id: string) => frameIn(vectors.find((vector) => vector.id === `${tag}-${id}`)!.frame)

    test(`SET-01 (${tag}): a server takes nothing before SetupConnection`, () => {
      for (const vector of vectors.filter(({ from }) => from === 'client')) {
        if (messageOf(vector).type === 'SetupConnection') continue
        expectCode(
          () => edition.connection({ side: 'server' }).decode(frameIn(vector.frame)),
          'setup-expected',
        )
      }
      const unknown = { extensionType: 0x4000, channelMsg: false, msgType: 0, payload: new Uint8Array(4) }
      expectCode(() => edition.connection({ side: 'server' }).decode(unknown), 'setup-expected')
    })

    test.each(PROTOCOLS)(
      `SET-17 (${tag}): a server learns %s from SetupConnection and holds to it`,
      (protocol) => {
        for (const vector of vectors.filter(({ from }) => from === 'client')) {
          const speller = edition.connection({ side: 'server' })
          const setup = anyFrame('SetupConnection')
          setup.payload[0] = PROTOCOL_NUMBERS[protocol]
          speller.decode(setup)
          expect(speller.protocol).toBe(protocol)
          const { area } = edition.table.byType(messageOf(vector).type)!.declaration
          const decode = () => speller.decode(frameIn(vector.frame))
          if (area === 'common' || area === 'extensions' || area === protocol) expect(decode()).toBeDefined()
          else expectCode(decode, 'wrong-protocol')
        }
      },
    )

    test('a sub-protocol the text does not specify is read, and the refusal can be sent', () => {
      const speller = edition.connection({ side: 'server' })
      const setup = anyFrame('SetupConnection')
      setup.payload[0] = 3
      expect(speller.decode(setup)).toMatchObject({ protocol: 3 })
      expect(speller.protocol).toBeUndefined()
      const refusal: Message = { type: 'SetupConnection.Error', flags: 0, errorCode: 'unsupported-protocol' }
      expect(hex(speller.encode(refusal))).toContain(hex(new TextEncoder().encode('unsupported-protocol')))
    })

    test('a client without a sub-protocol learns it from what it sends', () => {
      const speller = edition.connection({ side: 'client' })
      speller.encode(messageOf(vectors.find(({ id }) => id === `${tag}-A4-SetupConnection`)!))
      expect(speller.protocol).toBe('templates')
    })

    test.each(vectors.filter(({ id }) => !/CloseChannel|EndpointChanged/.test(id)))(
      '$id is refused by the side that sends it, and not sent by the other',
      (vector) => {
        expectCode(() => senderOf(edition, vector).decode(frameIn(vector.frame)), 'wrong-direction')
        expectCode(() => receiverOf(edition, vector).encode(messageOf(vector)), 'wrong-direction')
      },
    )

    test('a number without a message is passed over: it may be one of a later edition', () => {
      const { client } = ends(edition)
      for (const msgType of [0x05, 0x0f, 0x27, 0x4f, 0x61, 0x77, 0xff]) {
        const frame = { extensionType: 0, channelMsg: false, msgType, payload: new Uint8Array(9) }
        expect(client.decode(frame)).toEqual({ type: 'Opaque', ...frame })
      }
    })

    test('a message of another sub-protocol is not sent', () => {
      expectCode(
        () =>
          ends(edition, 'templates').client.encode(
            messageOf(vectors.find(({ id }) => id === `${tag}-UpdateChannel`)!),
          ),
        'wrong-protocol',
      )
    })

    test('a frame of an unknown extension comes and goes unchanged', () => {
      const { client, server } = ends(edition)
      const channel = frameIn('00c0070800000a00000001020304')
      const opaque = server.decode(channel)
      expect(opaque).toMatchObject({
        type: 'Opaque',
        extensionType: 0x4000,
        channelMsg: true,
        msgType: 7,
        channelId: 10,
      })
      expect(hex(client.encode(opaque))).toBe('00c0070800000a00000001020304')
      if (opaque.type !== 'Opaque') throw new Error(opaque.type)
      expect(hex(client.encode({ ...opaque, channelId: 0x0b }))).toBe('00c0070800000b00000001020304')
      expect(server.decode(frameIn('0040070200000a00'))).not.toHaveProperty('channelId')
      expect(server.decode(frameIn('00c0070200000a00'))).not.toHaveProperty('channelId')
    })
  })

  describe('error codes', () => {
    test(`ERR-07 (${tag}): a code with a control character is not sent`, () => {
      for (const code of ['bad\ncode', '\u0000', 'a\u007f', 'a\u009f']) {
        const refused: Message = { type: 'SetupConnection.Error', flags: 0, errorCode: code }
        expect(thrown(() => ends(edition).server.encode(refused))).toBeInstanceOf(CodecError)
      }
    })

    test('a code with a control character is read as it is', () => {
      const frame = frameIn('00000207000000000000020a0d')
      expect(ends(edition).client.decode(frame)).toMatchObject({ errorCode: '\n\r' })
    })
  })
}
