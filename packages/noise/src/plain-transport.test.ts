import { expect, test } from 'vitest'
import { aFrame, concat, toHex } from './_fixtures.ts'
import { plainTransport } from './plain-transport.ts'

test('frames go out as they are, in one buffer, and come in as they arrive', () => {
  const transport = plainTransport()
  const sent = transport.seal([aFrame(1, 24), aFrame(2, 0)])
  expect(toHex(sent)).toBe(toHex(concat(aFrame(1, 24), aFrame(2, 0))))
  expect(transport.open(sent.subarray(0, 7)).map(toHex)).toEqual([toHex(sent.subarray(0, 7))])
  expect(transport.open(new Uint8Array(0))).toEqual([])
})

test('a frame that is not what its header says is our own mistake', () => {
  expect(() => plainTransport().seal([aFrame(1, 24).subarray(0, 20)])).toThrow(RangeError)
})

test('pieces of a Node Buffer copy when sliced', () => {
  const chunk = Buffer.from(aFrame(1, 24))
  const [piece] = plainTransport().open(chunk)
  const copy = piece!.slice(0, 6)
  chunk.fill(0)
  expect(toHex(copy)).toBe('000001180000')
})
