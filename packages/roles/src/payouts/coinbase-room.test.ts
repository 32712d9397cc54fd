import { describe, expect, test } from 'vitest'
import { payoutsThatFit, roomOf } from './coinbase-room.ts'
import type { Distribution } from './distribution.ts'
import { roomToAsk } from './room-wish.ts'

/** An output of 31 bytes. */
const SCRIPT = Uint8Array.of(0, 20, ...new Uint8Array(20))

function aDistribution(miners: number): Distribution {
  return {
    id: 1n,
    pool: { script: SCRIPT, weight: 1n },
    payouts: Array.from({ length: miners }, () => ({ script: SCRIPT, weight: 1n, dustLimit: 294 })),
    additionalOutputs: [],
  }
}

describe('payouts that a coinbase has room for', () => {
  const room = { outputSize: 100_000, outputSigops: 100 }

  test.each([
    [31 + 1, 0],
    [2 * 31, 0],
    [2 * 31 + 1, 1],
    [252 * 31 + 1, 251],
    // from 253 outputs on the count takes three bytes
    [253 * 31 + 1, 251],
    [253 * 31 + 2, 251],
    [253 * 31 + 3, 252],
    [400 * 31, 300],
  ])('%d bytes: %d', (bytes, count) => {
    expect(payoutsThatFit(aDistribution(300), { bytes, templateOutputs: 0, room })).toBe(count)
  })

  test('outputs of the template count, in the count alone', () => {
    const bytes = 252 * 31 + 1
    expect(payoutsThatFit(aDistribution(300), { bytes, templateOutputs: 1, room })).toBe(250)
  })

  test('the room of a template limits them by bytes and by signature operations', () => {
    const p2pkh = Uint8Array.of(0x76, 0xa9, 20, ...new Uint8Array(20), 0x88, 0xac)
    const old = {
      ...aDistribution(0),
      payouts: [p2pkh, p2pkh].map((script) => ({ script, weight: 1n, dustLimit: 0 })),
    }
    const space = { bytes: 1_000, templateOutputs: 0 }
    expect(payoutsThatFit(old, { ...space, room: { outputSize: 500, outputSigops: 7 } })).toBe(1)
    expect(payoutsThatFit(old, { ...space, room: { outputSize: 31 + 34 + 33, outputSigops: 8 } })).toBe(1)
    expect(payoutsThatFit(old, { ...space, room: { outputSize: 31 + 34 + 34, outputSigops: 8 } })).toBe(2)
  })
})

describe('the room to ask for', () => {
  const needs = (outputs: number) => roomOf(Array.from({ length: outputs }, () => ({ script: SCRIPT })))

  test('is more than is needed, and before it is needed', () => {
    const asked = { outputSize: 1_000, outputSigops: 8 }
    expect(roomToAsk(asked, needs(20), 16_000)).toBeUndefined()
    const wish = roomToAsk(asked, needs(31), 16_000)
    expect(wish?.outputSize).toBeGreaterThan(1.2 * 31 * 31)
    expect(roomToAsk(wish!, needs(36), 16_000)).toBeUndefined()
  })

  test('is never more than a coinbase of the class can hold', () => {
    expect(roomToAsk({ outputSize: 0, outputSigops: 0 }, needs(60), 2_000)?.outputSize).toBe(2_000)
    expect(roomToAsk({ outputSize: 2_000, outputSigops: 100 }, needs(64), 2_000)).toBeUndefined()
  })

  test('is less when less than half of it is used', () => {
    const asked = { outputSize: 10_000, outputSigops: 8 }
    expect(roomToAsk(asked, needs(200), 16_000)).toBeUndefined()
    expect(roomToAsk(asked, needs(20), 16_000)?.outputSize).toBeLessThan(1_000)
  })
})
