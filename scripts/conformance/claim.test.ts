import { expect, test } from 'vitest'
import { type Claim, isClaim, judge } from './claim.ts'
import type { Requirements } from './requirements.ts'

const requirements: Requirements = {
  'AB-01': { editions: 'B', level: 'M', text: 'both' },
  'AB-02': { editions: 'C', level: 'S', text: 'current only' },
  'AB-03': { editions: 'D', level: 'r', text: 'draft only' },
}
const passed = (title: string): Claim => ({ title, state: 'passed' })
const failed = (title: string): Claim => ({ title, state: 'failed' })
const skipped = (title: string): Claim => ({ title, state: 'skipped' })

test('without tests everything is open, in the editions it belongs to', () => {
  expect(judge(requirements, []).conformance).toEqual({
    'AB-01': { current: 'open', draft: 'open' },
    'AB-02': { current: 'open' },
    'AB-03': { draft: 'open' },
  })
})

test('a passing test proves every id and edition in its title', () => {
  const { conformance, problems } = judge(requirements, [
    passed('AB-01, AB-02 (current): one'),
    passed('AB-01, AB-03 (draft): two'),
  ])
  expect(problems).toEqual([])
  expect(conformance).toEqual({
    'AB-01': { current: 'proven', draft: 'proven' },
    'AB-02': { current: 'proven' },
    'AB-03': { draft: 'proven' },
  })
})

test('one failing test outweighs passing ones', () => {
  const claims = [passed('AB-01 (current, draft): one'), failed('AB-01 (draft): two')]
  expect(judge(requirements, claims).conformance['AB-01']).toEqual({ current: 'proven', draft: 'failing' })
})

test('a skipped test proves nothing', () => {
  const { conformance } = judge(requirements, [skipped('AB-02 (current): one')])
  expect(conformance['AB-02']).toEqual({ current: 'open' })
})

test.each([
  ['an id that does not exist', 'AB-09 (current): x', 'there is no requirement AB-09'],
  ['an edition the id is not in', 'AB-02 (current, draft): x', 'AB-02 does not belong to the draft edition'],
  ['no edition', 'AB-01: x', 'a claim reads'],
  ['editions in another order', 'AB-01 (draft, current): x', 'a claim reads'],
  ['nothing claimed', 'AB-01 (current): ', 'a claim reads'],
])('a title with %s is a problem', (_, title, problem) => {
  expect(judge(requirements, [passed(title)]).problems).toEqual([expect.stringContaining(problem)])
})

test('a title that starts with an id is a claim, well formed or not', () => {
  expect(isClaim('AB-1 wrong')).toBe(true)
  expect(isClaim('POOL-21 (current): a smaller target')).toBe(true)
  expect(isClaim('SHA-256 of nothing')).toBe(false)
  expect(isClaim('a share is refused (POOL-30)')).toBe(false)
})
