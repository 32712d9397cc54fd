import { addressToScript, buildCoinbase, concatBytes, type TxOutput } from '@sv2/bitcoin'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type CoinbaseHalves, payoutMismatch, type WantedPayout, wantedPayout } from './payout-check.ts'

const ADDRESS = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080'
const OTHER = 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4'
const MINE = addressToScript(ADDRESS, 'regtest')
const POOLS = Uint8Array.of(0x51)
const EXTRANONCE_SIZE = 14

function wanted(identity = ADDRESS): WantedPayout {
  const payout = wantedPayout(identity, 'regtest')
  if (payout === undefined) throw new Error(`no address in ${identity}`)
  return payout
}

function halves(outputs: readonly TxOutput[], scriptSigSuffix = new Uint8Array(0)): CoinbaseHalves {
  const { prefix, suffix } = buildCoinbase({
    version: 2,
    scriptSigPrefix: Uint8Array.of(1, 101),
    extranonceSize: EXTRANONCE_SIZE,
    scriptSigSuffix,
    sequence: 0,
    outputs,
    locktime: 0,
  })
  return { prefix, extranonce: new Uint8Array(EXTRANONCE_SIZE), suffix }
}

describe('what an identity wants', () => {
  test.each([
    [ADDRESS, 100],
    [`${ADDRESS}.rig1.board2`, 100],
    [`sri/solo/${ADDRESS}`, 100],
    [`sri/solo/${ADDRESS}/rig1`, 100],
    [`sri/donate/5/${ADDRESS}`, 95],
    [`sri/donate/99/${ADDRESS}/rig1`, 1],
    [`sri/donate/0/${ADDRESS}/rig1`, 100],
  ])('%s: its address gets %i %', (identity, percent) => {
    expect(wantedPayout(identity, 'regtest')).toEqual({
      network: 'regtest',
      address: ADDRESS,
      script: MINE,
      percent,
    })
  })

  test.each([
    '',
    'alice.rig1',
    OTHER,
    'sri/solo',
    'sri/solo/rig1',
    'sri/donate',
    'sri/donate/rig1',
    `sri/donate/100/${ADDRESS}`,
    `sri/donate/-1/${ADDRESS}`,
    `sri/donate/1e1/${ADDRESS}`,
    `sri/other/${ADDRESS}`,
  ])('%j holds no address of the network that is to be paid', (identity) => {
    expect(wantedPayout(identity, 'regtest')).toBeUndefined()
  })
})

describe('a coinbase', () => {
  test('that pays the address all there is matches; outputs without value do not count', () => {
    const outputs = [
      { value: 0n, script: Uint8Array.of(0x6a) },
      { value: 3n, script: MINE },
      { value: 7n, script: MINE },
    ]
    expect(payoutMismatch(wanted(), halves(outputs))).toBeUndefined()
  })

  test('may have more bytes in its scriptSig', () => {
    const more = halves([{ value: 10n, script: MINE }], new Uint8Array(60).fill(7))
    expect(payoutMismatch(wanted(), more)).toBeUndefined()
  })

  test('that pays somebody else too matches no address alone, and the reason names both', () => {
    const outputs = [
      { value: 9_999n, script: MINE },
      { value: 1n, script: POOLS },
    ]
    const reason = payoutMismatch(wanted(), halves(outputs))
    expect(reason).toContain(`must pay 100 % to ${ADDRESS}`)
    expect(reason).toContain(`pays 9999 sat to ${ADDRESS}, 1 sat to script 51`)
  })

  test.each([
    [90n, 10n, 'matches'],
    [91n, 9n, 'matches'],
    [89n, 11n, 'does not match'],
    // nine tenths of 101 are 90.9: the pool may round them down
    [90n, 11n, 'matches'],
    [0n, 0n, 'does not match'],
  ])('that pays %i to the address and %i to the pool %s a donation of 10 %%', (mine, pools, verdict) => {
    const outputs = [
      { value: mine, script: MINE },
      { value: pools, script: POOLS },
    ]
    const reason = payoutMismatch(wanted(`sri/donate/10/${ADDRESS}`), halves(outputs))
    expect(reason === undefined ? 'matches' : 'does not match').toBe(verdict)
  })

  test('that pays nothing does not match', () => {
    expect(payoutMismatch(wanted(), halves([{ value: 0n, script: MINE }]))).toContain('pays nothing')
  })

  test('with many outputs is told in few words', () => {
    const outputs = Array.from({ length: 2_000 }, () => ({ value: 1n, script: new Uint8Array(200) }))
    const reason = payoutMismatch(wanted(), halves(outputs))
    expect(reason).toContain('1997 more outputs')
    expect(reason?.length).toBeLessThan(600)
  })

  test('whose extranonce stands behind the scriptSig could pay anybody, and does not match', () => {
    const { prefix, extranonce, suffix } = halves([
      { value: 10n, script: MINE },
      { value: 0n, script: POOLS },
    ])
    const whole = concatBytes(prefix, extranonce, suffix)
    const value = whole.length - 4 - 2 - 8
    const moved = {
      prefix: whole.slice(0, value),
      extranonce: new Uint8Array(8),
      suffix: whole.slice(value + 8),
    }
    expect(payoutMismatch(wanted(), moved)).toContain('not in the scriptSig')
  })

  test('that spends a coin is not a coinbase', () => {
    const good = halves([{ value: 10n, script: MINE }])
    const prefix = good.prefix.slice()
    prefix[5] = 1
    expect(payoutMismatch(wanted(), { ...good, prefix })).toContain('is not a coinbase transaction')
  })
})

describe('hostile halves never throw', () => {
  const bytes = fc.uint8Array({ maxLength: 300 })
  const verdictOf = (coinbase: CoinbaseHalves): string => typeof payoutMismatch(wanted(), coinbase)

  test('any bytes', () => {
    fc.assert(
      fc.property(bytes, bytes, bytes, (prefix, extranonce, suffix) => {
        expect(verdictOf({ prefix, extranonce, suffix })).toBe('string')
      }),
    )
  })

  test('a good one cut anywhere', () => {
    const { prefix, extranonce, suffix } = halves([{ value: 10n, script: MINE }])
    for (let cut = 0; cut < prefix.length; cut++)
      expect(verdictOf({ prefix: prefix.slice(0, cut), extranonce, suffix })).toBe('string')
    for (let cut = 0; cut < suffix.length; cut++)
      expect(verdictOf({ prefix, extranonce, suffix: suffix.slice(0, cut) })).toBe('string')
  })

  test('a good one with some bytes changed, or a huge count anywhere', () => {
    const good = halves([{ value: 10n, script: MINE }])
    const patch = fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 4 }),
      fc.constantFrom(
        Uint8Array.of(0xfd, 0xff, 0xff),
        Uint8Array.of(0xfe, 0xff, 0xff, 0xff, 0xff),
        new Uint8Array(9).fill(0xff),
      ),
    )
    const half = fc.constantFrom('prefix', 'suffix')
    fc.assert(
      fc.property(half, fc.nat({ max: 100 }), patch, (which, place, change) => {
        const changed = good[which as 'prefix' | 'suffix'].slice()
        changed.set(change.subarray(0, Math.max(0, changed.length - place)), Math.min(place, changed.length))
        expect(['string', 'undefined']).toContain(verdictOf({ ...good, [which]: changed }))
      }),
      { numRuns: 1_000 },
    )
  })

  test('no identity is read with an exception', () => {
    const part = fc.oneof(fc.string(), fc.constantFrom('sri', 'solo', 'donate', '5', ADDRESS, OTHER))
    fc.assert(
      fc.property(fc.array(part, { maxLength: 6 }), fc.constantFrom('/', '.'), (parts, between) => {
        expect(['undefined', 'object']).toContain(typeof wantedPayout(parts.join(between), 'regtest'))
      }),
    )
  })
})
