import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'

/** An app that has something to close and comes to grief when it runs. */
const FAULTY = `
  import { z } from 'zod'
  import { logSchema, runApp } from './src/app.ts'
  await runApp({
    name: 'faulty',
    description: 'an app with a fault',
    version: '0',
    schema: z.strictObject({ log: logSchema }),
    async start(_, { log, scope }) {
      scope.own('thing', () => log.info('closed what was open'))
      setImmediate(() => FAULT)
    },
  })`

test.each([
  { what: 'an exception', fault: `{ throw new TypeError('ours') }` },
  { what: 'a rejection nobody handles', fault: `{ void Promise.reject(new TypeError('ours')) }` },
])(
  '$what is logged, what is open is closed, and the exit code is 70',
  async ({ fault }) => {
    const child = spawn(
      process.execPath,
      [
        '--conditions=@sv2/source',
        '--import',
        'tsx',
        '--input-type=module',
        '--eval',
        FAULTY.replace('FAULT', fault),
      ],
      { cwd: resolve(import.meta.dirname, '..'), stdio: ['ignore', 'pipe', 'inherit'] },
    )
    const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')])
    const lines = output
      .trim()
      .split('\n')
      .map((line): Record<string, unknown> => JSON.parse(line))
    expect(lines[0]).toMatchObject({ level: 60, msg: 'a fault of ours', err: { message: 'ours' } })
    expect(lines.map(({ msg }) => msg)).toContain('closed what was open')
    expect(code).toBe(70)
  },
  30_000,
)
