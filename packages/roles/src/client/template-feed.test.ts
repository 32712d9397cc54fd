import type { Message, NewTemplate } from '@sv2/messages'
import { describe, expect, test } from 'vitest'
import { TemplateFeed, type TemplateFeedEffect } from './template-feed.ts'

const SESSION = 1

function aTemplate(templateId: number, overrides: Partial<NewTemplate> = {}): NewTemplate {
  return {
    type: 'NewTemplate',
    templateId: BigInt(templateId),
    futureTemplate: true,
    version: 0x2000_0000,
    coinbaseTxVersion: 2,
    coinbasePrefix: Uint8Array.of(1, 1),
    coinbaseTxInputSequence: 0xffff_ffff,
    coinbaseTxValueRemaining: 50n,
    coinbaseTxOutputsCount: 0,
    coinbaseTxOutputs: new Uint8Array(0),
    coinbaseTxLocktime: 0,
    merklePath: [],
    ...overrides,
  }
}

function aTip(templateId: number): Message {
  return {
    type: 'SetNewPrevHashTdp',
    templateId: BigInt(templateId),
    prevHash: new Uint8Array(32).fill(7),
    headerTimestamp: 1_767_225_600,
    nbits: 0x1d00_ffff,
    target: new Uint8Array(32).fill(0xff),
  }
}

/** A feed whose provider has answered SetupConnection, and what it wants done since it was last asked. */
function aFeed() {
  const effects: TemplateFeedEffect[] = []
  const identification = { vendor: 'v', hardwareVersion: 'h', firmware: 'f', deviceId: '' }
  const endpoint = { host: 'provider.test', port: 8442 }
  const feed = new TemplateFeed(
    { identification, endpoint, outputSize: 40, outputSigops: 4, workMaxAgeMs: 60_000 },
    (effect) => effects.push(effect),
  )
  feed.opened(SESSION)
  feed.message({ type: 'SetupConnection.Success', usedVersion: 2, flags: 0 })
  effects.splice(0)
  return { feed, effects: () => effects.splice(0) }
}

describe('a provider that sends templates without end', () => {
  /** It has told a tip, and then 65 templates for the next one. */
  function flooded() {
    const it = aFeed()
    it.feed.message(aTemplate(1))
    it.feed.message(aTip(1))
    for (let id = 2; id <= 65; id++) it.feed.message(aTemplate(id))
    return it
  }

  test('loses the oldest: 64 are kept', () => {
    const { feed, effects } = flooded()
    expect(feed.message(aTip(1))).toBeUndefined()
    expect(effects()).toEqual([
      { kind: 'templateIgnored', templateId: 1n, reason: 'SetNewPrevHash names no template' },
    ])
  })

  test('can name every one of the others', () => {
    expect(flooded().feed.message(aTip(2))).toMatchObject({ kind: 'tip', template: { templateId: 2n } })
  })
})

test.each([
  ['a coinbase prefix of 9 bytes', { coinbasePrefix: new Uint8Array(9) }, 'coinbase_prefix of 9 bytes'],
  [
    'outputs over 60,000 bytes',
    { coinbaseTxOutputs: new Uint8Array(60_001), coinbaseTxOutputsCount: 1 },
    'coinbase_tx_outputs of 60001 bytes',
  ],
])('a template with %s is ignored, and the fault is told', (_, overrides, reason) => {
  const { feed, effects } = aFeed()
  feed.message(aTemplate(1, overrides))
  expect(effects()).toEqual([{ kind: 'templateIgnored', templateId: 1n, reason }])
  feed.message(aTip(1))
  expect(effects()).toMatchObject([{ reason: 'SetNewPrevHash names no template' }])
})

test('a second SetupConnection.Success changes nothing', () => {
  const { feed, effects } = aFeed()
  feed.message({ type: 'SetupConnection.Success', usedVersion: 2, flags: 0 })
  expect(effects()).toEqual([])
})

test('the work of a provider that is away is too old at the configured age, to the millisecond', () => {
  const { feed } = aFeed()
  feed.message(aTemplate(1))
  feed.message(aTip(1))
  feed.closed(1_000)
  expect(feed.tick(60_999)).toBe(false)
  expect(feed.tick(61_000)).toBe(true)
  // told once
  expect(feed.tick(61_000)).toBe(false)
})

test('transactions are asked for only where the provider is set up', () => {
  const { feed, effects } = aFeed()
  expect(feed.requestTransactions(4n)).toBe(true)
  expect(effects()).toMatchObject([{ kind: 'send', to: SESSION, message: { templateId: 4n } }])
  feed.closed(0)
  effects()
  expect(feed.requestTransactions(4n)).toBe(false)
  expect(effects()).toEqual([])
})
