import { concatBytes, sha256 } from '@sv2/bitcoin'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { breach, type CommittedJob, commitTo } from './commitment.ts'
import { accountKey, MAX_TOKEN_SCRIPTS, type MiningJobToken, openToken, sealToken } from './token.ts'

const macOf = (key: number) => (bytes: Uint8Array) => sha256(concatBytes(Uint8Array.of(key), bytes))
const mac = macOf(1)

const job: CommittedJob = {
  version: 0x20000000,
  prevHash: new Uint8Array(32).fill(9),
  nbits: 0x1d00ffff,
  coinbase: {
    version: 2,
    scriptPrefix: Uint8Array.of(3, 1, 2, 3),
    sequence: 0xffff_fffe,
    outputs: [{ value: 5n, script: Uint8Array.of(0x51) }],
    locktime: 7,
  },
  merklePath: [new Uint8Array(32).fill(1)],
}

const token: MiningJobToken = {
  serial: new Uint8Array(8).fill(3),
  expires: 1_800_000_000,
  account: accountKey('alice'),
  outputs: [Uint8Array.of(0, 20, ...new Uint8Array(20)), Uint8Array.of(0x6a)],
  usableAtOnce: false,
  commitment: commitTo(job, 8),
}

const bytes = (size: number) => fc.uint8Array({ minLength: size, maxLength: size })
const arbitraryToken: fc.Arbitrary<MiningJobToken> = fc.record({
  serial: bytes(8),
  expires: fc.nat(),
  account: bytes(16),
  outputs: fc.array(fc.uint8Array({ maxLength: 36 }), { maxLength: 3 }),
  usableAtOnce: fc.boolean(),
  commitment: fc.constantFrom(undefined, commitTo(job), commitTo(job, 24)),
})

describe('a token', () => {
  test('says what it was made with, in 255 bytes', () => {
    fc.assert(
      fc.property(arbitraryToken, (any) => {
        const sealed = sealToken(any, mac)
        expect(sealed.length).toBeLessThanOrEqual(255)
        expect(openToken(sealed, mac)).toEqual(any)
      }),
    )
  })

  test('with the longest scripts still fits', () => {
    const longest = { ...token, outputs: [new Uint8Array(MAX_TOKEN_SCRIPTS - 1)] }
    expect(sealToken(longest, mac).length).toBeLessThanOrEqual(255)
    expect(() => sealToken({ ...token, outputs: [new Uint8Array(MAX_TOKEN_SCRIPTS)] }, mac)).toThrow(
      RangeError,
    )
  })

  test('of another key, cut or changed in any bit, is none', () => {
    const sealed = sealToken(token, mac)
    expect(openToken(sealed, macOf(2))).toBeUndefined()
    for (let size = 0; size < sealed.length; size++)
      expect(openToken(sealed.subarray(0, size), mac)).toBeUndefined()
    for (let at = 0; at < sealed.length; at++) {
      const changed = sealed.slice()
      changed[at]! ^= 1
      expect(openToken(changed, mac), `byte ${at}`).toBeUndefined()
    }
  })

  test('of an unknown format is none, even with the right key', () => {
    const body = Uint8Array.of(9, 0, 1, 2, 3)
    expect(openToken(concatBytes(body, mac(body).subarray(0, 16)), mac)).toBeUndefined()
    const short = Uint8Array.of(1, 0, 1, 2, 3)
    expect(openToken(concatBytes(short, mac(short).subarray(0, 16)), mac)).toBeUndefined()
  })
})

describe('a commitment', () => {
  const { coinbase } = job
  test.each([
    ['stale-chain-tip', { prevHash: new Uint8Array(32) }],
    ['invalid-version', { version: 0x30000000 ^ 1 }],
    ['invalid-nbits', { nbits: 1 }],
    ['invalid-coinbase-tx-version', { coinbase: { ...coinbase, version: 1 } }],
    ['invalid-coinbase-tx-input-n-sequence', { coinbase: { ...coinbase, sequence: 1 } }],
    ['invalid-coinbase-tx-locktime', { coinbase: { ...coinbase, locktime: 1 } }],
    ['invalid-coinbase-prefix', { coinbase: { ...coinbase, scriptPrefix: Uint8Array.of(1) } }],
    ['invalid-coinbase-tx-outputs', { coinbase: { ...coinbase, outputs: [] } }],
    ['invalid-merkle-path', { merklePath: [] }],
  ] as const)('broken is refused with %s', (code, change) => {
    expect(breach(commitTo(job), commitTo({ ...job, ...change }))).toBe(code)
  })

  test('holds for the job, whatever of its version is rolled', () => {
    expect(breach(commitTo(job), commitTo({ ...job, version: 0x20000000 | 0x1fffffe0 }))).toBeUndefined()
  })
})
