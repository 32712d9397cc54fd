import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { current } from './current/index.ts'
import { draft } from './draft/index.ts'
import { describeMessages, type MessageDescription } from './index.ts'

const path = join(import.meta.dirname, '../../../docs/wire.md')

interface ReferenceRow {
  readonly key: string
  readonly channelMsg: boolean
  readonly minSize: number
  readonly direction: string
  readonly fields: readonly string[]
}

/** The tables of docs/wire.md §4 and §6.5, one row per message and number. */
function referenceRows(edition: 'draft' | 'current'): ReferenceRow[] {
  const rows: ReferenceRow[] = []
  let name = ''
  let direction = ''
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    const heading = /^\*\*([A-Za-z.]+)(?: \([a-z ]+\))?\*\* \((.*)\)$/.exec(line)
    if (heading !== null) [name, direction] = [heading[1]!, heading[2]!]
    const row = /^\| (\w+) \| (0x[0-9a-f/ x]+) \| ([01]) \| (≥ )?(\d+|\?) \| (.*) \|$/.exec(line)
    if (row === null || (row[1] !== 'both' && row[1] !== edition)) continue
    // the one layout the text leaves open
    const fieldText =
      name === 'AllocateMiningJobToken.Error' ? '`request_id` U32, `error_code` STR0_255' : row[6]!
    const minSize = row[5] === '?' ? 5 : Number(row[5])
    const fields = Array.from(
      fieldText.matchAll(/`(\w+)` ([A-Z0-9_]+(?:\[\w+\])?)/g),
      ([, field, type]) => `${camel(field!)} ${type}`,
    )
    for (const number of row[2]!.split(' / ')) {
      rows.push({ key: `${Number(number)} ${name}`, channelMsg: row[3] === '1', minSize, direction, fields })
    }
  }
  return rows
}

function camel(field: string): string {
  const renamed: Record<string, string> = {
    coinbase_tx_input_nSequence: 'coinbaseTxInputSequence',
    nBits: 'nbits',
  }
  return renamed[field] ?? field.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

const DIRECTIONS = { 'to-server': 'client → server', 'to-client': 'server → client', both: 'both directions' }

function declaredRows(descriptions: readonly MessageDescription[]): ReferenceRow[] {
  return descriptions
    .filter(({ extensionType }) => extensionType === 0)
    .flatMap(({ name, number, alsoNumbers, channelMsg, minSize, direction, fields }) =>
      [number, ...alsoNumbers].map((each) => ({
        key: `${each} ${name}`,
        channelMsg,
        minSize,
        // §4.1: the heading names one direction, the text below it both
        direction: name === 'ChannelEndpointChanged' ? DIRECTIONS['to-client'] : DIRECTIONS[direction],
        fields: fields.map((field) => `${field.name} ${field.type}`),
      })),
    )
}

/** Where the text's own type is too small, O-05 settles another. */
function settled(row: ReferenceRow): ReferenceRow {
  if (row.key !== `${0x24} SetCustomMiningJob.Error`) return row
  return { ...row, fields: row.fields.map((field) => field.replace('STR0_32', 'STR0_255')) }
}

const byKey = (one: ReferenceRow, other: ReferenceRow) => one.key.localeCompare(other.key)

describe('the reference', () => {
  test.each([
    ['draft', draft.name, describeMessages(draft)],
    ['current', current.name, describeMessages(current)],
  ] as const)(
    '%s: every number, bit, size, direction and field is as docs/wire.md §4 has it',
    (_, name, descriptions) => {
      const reference = referenceRows(name).map(settled)
      expect(reference.length).toBeGreaterThan(40)
      expect(declaredRows(descriptions).sort(byKey)).toEqual(reference.sort(byKey))
    },
  )

  test('extension 0x0001 is as docs/wire.md §6.5 has it', () => {
    const lines = readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => /^\| 0x0[012] \| RequestExtensions/.test(line))
    const reference = lines.map((line) => {
      const [, number, name, direction, size, fields] = line.split('|').map((cell) => cell.trim())
      return [
        Number(number),
        name,
        direction,
        Number(size!.replace('≥ ', '')),
        Array.from(fields!.matchAll(/`(\w+)` ([A-Z0-9_[\]]+)/g), ([, f, t]) => `${camel(f!)} ${t}`),
      ]
    })
    const declared = describeMessages(current)
      .filter(({ extensionType }) => extensionType === 1)
      .map(({ number, name, direction, minSize, fields }) => [
        number,
        name,
        DIRECTIONS[direction],
        minSize,
        fields.map((f) => `${f.name} ${f.type}`),
      ])
    expect(reference.length).toBe(3)
    expect(declared).toEqual(reference)
  })
})
