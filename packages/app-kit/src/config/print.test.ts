import { parse } from 'smol-toml'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { logSchema, monitoringSchema } from '../app.ts'
import { doorsSchema } from './door.ts'
import { printDefaults } from './print.ts'

const schema = z.strictObject({
  must: z.string().min(1).describe('Has no default'),
  may: z.int().min(3).optional().describe('May be missing'),
  rate: z.number().min(0.5).max(2).default(1).describe('Between two numbers'),
  words: z.array(z.string()).default(['a']).describe('A list'),
  listen: doorsSchema({ host: '::', port: 1, maxPayloadBytes: 65_536, maxQueuedBytes: 65_536 }),
  monitoring: monitoringSchema(9_000),
  log: logSchema,
})

describe('printed defaults', () => {
  const text = printDefaults(schema, 'app: does things')

  test('are TOML with every default, and only what is required left open', () => {
    const tree = parse(text)
    expect(tree).toMatchObject({ must: '', rate: 1, words: ['a'], monitoring: { port: 9_000 } })
    expect(schema.safeParse(tree).error?.issues.map(({ path }) => path)).toEqual([['must']])
    const filled = schema.parse({ ...tree, must: 'x' })
    expect(filled).toEqual(schema.parse({ must: 'x' }))
  })

  test('say what a key means, what is allowed, and which are required', () => {
    expect(text).toContain('# Has no default\nmust = ""  # required\n')
    expect(text).toContain('# May be missing (at least 3)\n# may = 3\n')
    expect(text).toContain('# Between two numbers (0.5 … 2)\nrate = 1\n')
    expect(text).toContain('(current | draft | auto)')
  })

  test('a table that may be left out is commented out, whole', () => {
    const inner = z.strictObject({ key: z.int().default(5).describe('A key') })
    const text = printDefaults(
      z.strictObject({ may: inner.optional(), must: inner, has: inner.prefault({}) }),
      'x',
    )
    expect(text).toContain('# [may]\n# A key\n# key = 5\n')
    expect(text).toContain('\n[must]\n# A key\nkey = 5\n')
    expect(text).toContain('\n[has]\n')
  })

  test('a list of tables is shown as one of its tables', () => {
    expect(text).toContain('[[listen]]\n')
  })
})
