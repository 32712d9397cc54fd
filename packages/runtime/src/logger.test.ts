import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { createLogger } from './logger.ts'

test('JSON is one line with time, name, message and fields', () => {
  const out = new PassThrough()
  createLogger('pool', { level: 'info', format: 'auto' }, out).info({ port: 1 }, 'listening')
  const line = JSON.parse(String(out.read())) as Record<string, unknown>
  expect(line).toMatchObject({ name: 'pool', level: 30, msg: 'listening', port: 1 })
  expect(line.time).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
})

test('lines below the level are not written', () => {
  const out = new PassThrough()
  createLogger('pool', { level: 'warn', format: 'json' }, out).info('quiet')
  expect(out.read()).toBeNull()
})

test('many loggers on one stream add their listeners once', () => {
  const out = new PassThrough()
  const loggers = Array.from({ length: 20 }, (_, n) =>
    createLogger(`app${n}`, { level: 'info', format: 'pretty' }, out),
  )
  const listeners = out.eventNames().reduce((sum, name) => sum + out.listenerCount(name), 0)
  createLogger('one-more', { level: 'info', format: 'pretty' }, out)
  expect(out.eventNames().reduce((sum, name) => sum + out.listenerCount(name), 0)).toBe(listeners)
  expect(loggers).toHaveLength(20)
})
