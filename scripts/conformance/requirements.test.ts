import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { editionsOf, parseRequirements } from './requirements.ts'

const root = resolve(import.meta.dirname, '../..')

test('reads the rows of the checklist and nothing else', () => {
  const text = [
    '| id | ed | lv | requirement |',
    '| FRM-02 | B | M | BOOL: only bit 0 |',
    '| 0x01 | B | x |',
    '',
  ].join('\n')
  expect(parseRequirements(text)).toEqual({
    'FRM-02': { editions: 'B', level: 'M', text: 'BOOL: only bit 0' },
  })
})

test('an id that stands twice is refused', () => {
  const row = '| FRM-02 | B | M | BOOL |'
  expect(() => parseRequirements(`${row}\n${row}`)).toThrow('twice')
})

test('a letter stands for one edition or both', () => {
  const editions = (['B', 'C', 'D'] as const).map((letter) =>
    editionsOf({ editions: letter, level: 'M', text: '' }),
  )
  expect(editions).toEqual([['current', 'draft'], ['current'], ['draft']])
})

test('docs/requirements.json is the checklist of the wire reference', () => {
  const committed: unknown = JSON.parse(readFileSync(resolve(root, 'docs/requirements.json'), 'utf8'))
  expect(committed).toEqual(parseRequirements(readFileSync(resolve(root, 'docs/wire.md'), 'utf8')))
})
