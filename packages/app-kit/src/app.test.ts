import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync } from 'node:fs'
import { resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'

/** An app that has something to close and comes to grief when it runs. */
const FAULTY = `
  import { z } from 'zod'
  import { logSchema, runApp } from './src/app.ts'
  await runApp({
    name: 'faulty',
    description: 'an app with a fault',
    schema: z.strictObject({ log: logSchema }),
    async start(_, { log, scope }) {
      scope.own('thing', () => log.info('closed what was open'))
      setImmediate(() => FAULT)
    },
  })`

/** An app that logs without end, and says on its standard error how far it has got. */
const TALKING = `
  import { z } from 'zod'
  import { logSchema, runApp } from './src/app.ts'
  await runApp({
    name: 'talking',
    description: 'an app that logs',
    schema: z.strictObject({ log: logSchema }),
    async start(_, { log }) {
      let n = 0
      setInterval(() => {
        log.info({ n }, 'line ' + n)
        process.stderr.write('.')
        n++
      }, 5)
    },
  })`

function run(script: string, stdout: 'pipe' | number) {
  return spawn(
    process.execPath,
    ['--conditions=@sv2/source', '--import', 'tsx', '--input-type=module', '--eval', script],
    { cwd: resolve(import.meta.dirname, '..'), stdio: ['ignore', stdout, 'pipe'] },
  )
}

describe('an app that runs', () => {
  /** Waits for so many more lines. */
  async function goesOn(child: ReturnType<typeof run>, lines = 20): Promise<void> {
    for (let seen = 0; seen < lines; ) {
      const [chunk] = (await once(child.stderr!, 'data')) as [Buffer]
      seen += String(chunk).replaceAll(/[^.]/g, '').length
    }
  }

  async function ends(child: ReturnType<typeof run>): Promise<unknown> {
    child.stderr!.resume()
    child.kill('SIGTERM')
    return once(child, 'exit')
  }

  test('goes on when the reader of its log is gone', async () => {
    const child = run(TALKING, 'pipe')
    await goesOn(child)
    child.stdout!.destroy()
    await goesOn(child)
    expect(await ends(child)).toEqual([0, null])
  }, 30_000)

  test.runIf(existsSync('/dev/full'))(
    'goes on when the disk of its log is full (needs /dev/full)',
    async () => {
      const full = openSync('/dev/full', 'w')
      const child = run(TALKING, full)
      closeSync(full)
      await goesOn(child)
      expect(await ends(child)).toEqual([0, null])
    },
    30_000,
  )

  test('is ended by no signal that asks for something else, and opens no debugger', async () => {
    const child = run(TALKING, 'pipe')
    let output = ''
    let errors = ''
    child.stdout!.on('data', (chunk: Buffer) => (output += String(chunk)))
    child.stderr!.on('data', (chunk: Buffer) => (errors += String(chunk)))
    await goesOn(child)
    for (const signal of ['SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const) child.kill(signal)
    await goesOn(child)
    expect(await ends(child)).toEqual([0, null])
    for (const signal of ['SIGHUP', 'SIGUSR1', 'SIGUSR2']) expect(output).toContain(`"signal":"${signal}"`)
    expect(errors).not.toMatch(/debugger/i)
  }, 30_000)
})

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
