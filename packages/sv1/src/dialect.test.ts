import { expect, test } from 'vitest'
import { DIALECT_RULES, dialectOf } from './index.ts'

test('whoever is not known gets the defaults', () => {
  expect(dialectOf('something/1.0')).toEqual({
    name: 'unknown',
    maxCoinbaseBytes: 730,
    maxLineBytes: 16_384,
    startDifficulty: undefined,
    minDifficulty: 1,
    extranonce2Bytes: 8,
    cleanJobsOnDifficultyChange: false,
    setVersionMaskAfterConfigure: false,
    showMessage: false,
    earlyWork: false,
    maxUserNameLength: 255,
    maxSilenceSeconds: 60,
  })
})

test.each([
  [undefined, { earlyWork: true, extranonce2Bytes: 8 }],
  ['', { earlyWork: true }],
  ['NiceHash/1.0.0', { startDifficulty: 524_288, minDifficulty: 524_288, maxCoinbaseBytes: 500 }],
  ['NerdMinerV2/V1.8.3', { startDifficulty: 0.00015, maxUserNameLength: 80, maxLineBytes: 4_000 }],
  ['bitaxe/BM1370/v2.12.2', { maxCoinbaseBytes: 6_500 }],
  ['NerdOCTAXE-γ/BM1370', { name: 'bitaxe' }],
  ['NerdQAxe++/BM1370/v1.0.36', { name: 'bitaxe' }],
  ['Antminer S21/Thu', { maxCoinbaseBytes: 2_250 }],
  ['Antminer S19/1.0', { maxCoinbaseBytes: 730 }],
  ['whatsminer/v1.0', { maxUserNameLength: 127, maxCoinbaseBytes: 6_500 }],
  ['xminer-1.2.7', { maxCoinbaseBytes: 16_000 }],
  ['gminer/3.44', { showMessage: true }],
  ['cgminer/4.11.1', { showMessage: true, maxCoinbaseBytes: 730 }],
])('%s', (userAgent, needs) => {
  expect(dialectOf(userAgent)).toMatchObject(needs)
})

test('no dialect breaks the bounds that hold for all', () => {
  for (const { needs, name } of DIALECT_RULES) {
    expect(needs.extranonce2Bytes ?? 8, name).toBeLessThanOrEqual(8)
    expect(needs.startDifficulty ?? 1, name).toBeGreaterThanOrEqual(needs.minDifficulty ?? 1)
  }
})
