import { PassThrough, Writable } from 'node:stream'
import { describe, expect, test, vi } from 'vitest'
import { createLogger } from './logger.ts'

test('JSON is one line with time, name, message and fields', () => {
  const out = new PassThrough()
  createLogger('pool', { level: 'info', format: 'auto' }, out).info({ port: 1 }, 'listening')
  const line = JSON.parse(String(out.read())) as Record<string, unknown>
  expect(line).toMatchObject({ name: 'pool', level: 30, msg: 'listening', port: 1 })
  expect(line.time).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
})

test('a line that strangers cause without end is printed a few times, and the rest is told of in one line', () => {
  const now = vi.spyOn(performance, 'now').mockReturnValue(0)
  const out = new PassThrough()
  const log = createLogger('pool', { level: 'info', format: 'json' }, out)
  for (let n = 0; n < 1_000; n++) {
    log.info({ session: n }, 'connection closed')
    log.warn({ session: n }, 'miner misbehaved')
  }
  const lines = () =>
    String(out.read())
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line))
  expect(lines()).toHaveLength(100)
  now.mockReturnValue(10_000)
  log.info('listening')
  expect(lines()).toMatchObject([
    { msg: 'lines of one kind were left out', line: 'connection closed', lines: 950 },
    { msg: 'lines of one kind were left out', line: 'miner misbehaved', lines: 950 },
    { msg: 'listening' },
  ])
  now.mockRestore()
})

test('whoever debugs sees them all', () => {
  const lines: string[] = []
  const out = new Writable({
    write(chunk, _, done) {
      lines.push(String(chunk))
      done()
    },
  })
  const log = createLogger('pool', { level: 'debug', format: 'json' }, out)
  for (let n = 0; n < 200; n++) log.info('connection closed')
  expect(lines).toHaveLength(200)
})

describe('a log that cannot be written', () => {
  /** A stream that fails while it is told to, as the standard output does. */
  function aDisk() {
    const disk = { full: true, lines: [] as Record<string, unknown>[] }
    const stream = {
      on: () => undefined,
      write(line: string, written: (error?: Error) => void) {
        if (!disk.full) disk.lines.push(JSON.parse(line) as Record<string, unknown>)
        setImmediate(() => written(disk.full ? new Error('no space left') : undefined))
      },
    }
    return { disk, stream: stream as unknown as NodeJS.WritableStream }
  }
  const settled = () => new Promise((resolve) => setImmediate(resolve))

  test('costs lines and nothing else, and says how many when there is room', async () => {
    const { disk, stream } = aDisk()
    const log = createLogger('pool', { level: 'info', format: 'json' }, stream)
    for (const text of ['one', 'two', 'three']) {
      log.info(text)
      await settled()
    }
    disk.full = false
    log.info('four')
    await settled()
    expect(disk.lines).toMatchObject([
      { msg: 'four' },
      { msg: 'lines were lost while the log could not be written', lines: 3 },
    ])
  })

  test('since its reader stands still, keeps no more than a few megabytes of it', () => {
    const stuck = new Writable({ write: () => undefined })
    const log = createLogger('pool', { level: 'debug', format: 'json' }, stuck)
    for (let n = 0; n < 20; n++) log.debug('x'.repeat(1_000_000))
    expect(stuck.writableLength).toBeLessThan(6_000_000)
  })
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
