import { type LedgerSettings, readTerms, type Terms, writeTerms } from '@sv2/roles/ledger'
import { expect, test } from 'vitest'
import { History, keyOf, replay, SETTINGS, scriptOf } from './_history.ts'

const { network: _, ...TERMS } = SETTINGS

test.each<LedgerSettings['scheme']>([
  { scheme: 'pplns', window: 8n << 40n },
  { scheme: 'slice', window: 1n },
  { scheme: 'round' },
  { scheme: 'solo' },
  { scheme: 'fpps', feeBlocks: 144 },
  {
    scheme: 'group',
    parts: new Map([
      [keyOf(2), 5n],
      [keyOf(1), 7n],
    ]),
  },
])('terms of $scheme are read as they were written', (scheme) => {
  const terms: Terms = { ...TERMS, scheme }
  expect(readTerms(writeTerms(terms))).toEqual(terms)
})

test.each(['{}', '{"scheme":"luck","dustLimit":1,"maxPayouts":1,"refreshMs":1,"confirmations":1}'])(
  'text that is not terms is refused: %s',
  (text) => {
    expect(() => readTerms(text)).toThrow(/not/)
  },
)

test('terms of fpps from before fees were averaged have no average', () => {
  const text = writeTerms({ ...TERMS, scheme: { scheme: 'fpps', feeBlocks: 144 } })
  expect(readTerms(text.replace('"feeBlocks":144,', '')).scheme).toEqual({ scheme: 'fpps', feeBlocks: 0 })
})

test('outputs that the pool wants are in every distribution, and a block without them is not of it', () => {
  const additionalScripts = [Uint8Array.of(0x6a, 1, 5), Uint8Array.of(0x6a, 1, 6)]
  const terms: Terms = { ...TERMS, additionalScripts }
  expect(readTerms(writeTerms(terms))).toEqual(terms)
  const history = new History().start(2)
  history.share(1, 100)
  history.share(2, 50)
  history.write({ kind: 'terms', time: history.time, terms: writeTerms(terms) })
  history.share(2, 50)
  history.tip()
  expect(history.distribution?.additionalOutputs).toEqual(
    additionalScripts.map((script) => ({ value: 0n, script })),
  )
  const { distribution } = history
  history.foundAgain(distribution!)
  history.foundAgain({ ...distribution!, additionalOutputs: [] })
  const ids = history.ledger.blocks().map(({ booking }) => booking.distributionId)
  expect(ids).toEqual([distribution!.id, 0n])
  expect(replay(history.records).state).toEqual(history.ledger.state)
})

test('another fee holds for what comes after it, and work that was done counts on', () => {
  const history = new History().start(1)
  history.share(1, 100)
  history.tip()
  const before = history.block(1)
  history.write({ kind: 'terms', time: history.time, terms: writeTerms({ ...TERMS, feePpm: 0n }) })
  expect(history.distribution?.payouts.map(({ script }) => script)).toEqual([scriptOf(1)])
  history.job()
  history.block(1)
  history.chain(before, 6)
  expect(history.ledger.blocks().map(({ booking }) => booking.fee)).toEqual([6_300_000n, 0n])
  expect(replay(history.records).state).toEqual(history.ledger.state)
})

test('a block that only the chain told of is known by its outputs', () => {
  const history = new History().start(2)
  history.share(1, 100)
  history.share(2, 50)
  history.tip()
  const { distribution } = history
  history.share(2, 100)
  history.tip()
  history.foundAgain(distribution!)
  expect(history.ledger.blocks()[0]?.booking.distributionId).toBe(distribution!.id)
})
