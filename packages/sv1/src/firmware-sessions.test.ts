import { describe, expect, test } from 'vitest'
import { FIRMWARE_SESSIONS } from './_firmware-sessions.ts'
import { utf8 } from './_fixtures.ts'
import { DIALECT_RULES, dialectOf, LineSplitter, sv1Server } from './index.ts'

describe.each(FIRMWARE_SESSIONS)('$firmware', ({ dialect, lines }) => {
  test('every line is understood, from one segment as from the stream', () => {
    const stream = utf8(lines.map(([line]) => `${line}\n`).join(''))
    expect(new LineSplitter().push(stream).map(sv1Server.decode)).toEqual(lines.map(([, message]) => message))
  })

  test('its user agent leads to its dialect', () => {
    const subscribe = lines.map(([, message]) => message).find(({ type }) => type === 'mining.subscribe')
    expect(dialectOf((subscribe as { userAgent?: string }).userAgent).name).toBe(dialect)
  })
})

test('every rule of the table has a session', () => {
  const shown = new Set(FIRMWARE_SESSIONS.map(({ dialect }) => dialect))
  expect(DIALECT_RULES.map(({ name }) => name).filter((name) => !shown.has(name))).toEqual([])
})
