import fc from 'fast-check'
import { expect, test } from 'vitest'
import { anyRecord } from './_records.ts'
import { ByteWriter } from './byte-writer.ts'
import { crc32c } from './crc32c.ts'
import { appendFrame, encodeFrame, readFrame } from './frames.ts'
import { JournalError } from './journal-error.ts'

const anyEntry = fc.record({ sequence: fc.nat({ max: Number.MAX_SAFE_INTEGER }), record: anyRecord })

test('the checksum, CRC-32C, has the values of RFC 3720 B.4, from any offset', () => {
  const ascending = Uint8Array.from({ length: 32 }, (_, at) => at)
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa)
  expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43)
  expect(crc32c(ascending)).toBe(0x46dd794e)
  expect(crc32c(new TextEncoder().encode('xx123456789y'), 2, 11)).toBe(0xe3069283)
})

test('a record is read as it was written, with all that stands around it', () => {
  fc.assert(
    fc.property(fc.array(anyEntry, { minLength: 1, maxLength: 5 }), (entries) => {
      const out = new ByteWriter(1)
      for (const entry of entries) appendFrame(out, entry)
      const bytes = out.written
      let at = 0
      for (const entry of entries) {
        const { end, ...read } = readFrame(bytes, at)
        expect(read).toEqual(entry)
        at = end
      }
      expect(at).toBe(bytes.length)
    }),
  )
})

test('a share takes 206 bytes, in this order', () => {
  const frame = encodeFrame({
    sequence: 0x0102,
    record: {
      kind: 'share',
      time: 1_000,
      job: 2,
      account: 3,
      worker: 4,
      work: 5n,
      networkWork: 6n,
      rewardToPool: 7n,
      rewardTotal: 8n,
      distributionId: 9n,
      header: new Uint8Array(80).fill(0xaa),
      extranonce: Uint8Array.of(1, 2, 3),
    },
  })
  expect(Buffer.from(frame.subarray(8)).toString('hex')).toBe(
    `${'0201000000000000'}04${'e803000000000000'}${'02000000'}${'03000000'}${'04000000'}` +
      `05${'00'.repeat(15)}06${'00'.repeat(15)}07${'00'.repeat(7)}08${'00'.repeat(7)}09${'00'.repeat(7)}` +
      `${'aa'.repeat(80)}03${'010203'}${'00'.repeat(29)}`,
  )
  expect(frame.length).toBe(206)
})

test('a record cut anywhere is truncated', () => {
  fc.assert(
    fc.property(anyEntry, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (entry, part) => {
      const frame = encodeFrame(entry)
      const cut = frame.subarray(0, Math.floor(part * frame.length))
      expect(() => readFrame(cut, 0)).toThrow(expect.objectContaining({ code: 'truncated' }))
    }),
  )
})

test('a record with any byte changed is not one', () => {
  fc.assert(
    fc.property(anyEntry, fc.nat(), fc.integer({ min: 1, max: 255 }), (entry, place, change) => {
      const frame = encodeFrame(entry)
      frame[place % frame.length]! ^= change
      expect(() => readFrame(frame, 0)).toThrow(JournalError)
    }),
  )
})

test('a record whose checksum holds is still refused when it makes no sense', () => {
  const frame = encodeFrame({ sequence: 0, record: { kind: 'worker', worker: 1, name: 'a' } })
  frame[16] = 99
  new DataView(frame.buffer, frame.byteOffset).setUint32(4, crc32c(frame, 8), true)
  expect(() => readFrame(frame, 0)).toThrow(expect.objectContaining({ code: 'malformed' }))
})

test('a field that does not fit leaves nothing behind', () => {
  const out = new ByteWriter()
  appendFrame(out, { sequence: 1, record: { kind: 'worker', worker: 1, name: 'a' } })
  const before = out.size
  const record = { kind: 'worker', worker: 2, name: 'x'.repeat(256) } as const
  expect(() => appendFrame(out, { sequence: 2, record })).toThrow(RangeError)
  expect(out.size).toBe(before)
})
