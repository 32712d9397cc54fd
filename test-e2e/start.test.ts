import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

const MAIN = join(import.meta.dirname, '../tools/dev-stack/src/main.ts')

/** Runs the whole stack as `npm start` does, and answers what it printed and how it ended. */
async function start(
  args: readonly string[],
  onOutput: (text: string, kill: (signal: NodeJS.Signals) => void) => void = () => undefined,
): Promise<{ readonly code: number | null; readonly output: string }> {
  const child = spawn(process.execPath, ['--conditions=@sv2/source', '--import', 'tsx', MAIN, ...args], {
    cwd: join(import.meta.dirname, '..'),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      onOutput(output, (signal) => child.kill(signal))
    })
  }
  const [code] = (await once(child, 'exit')) as [number | null]
  return { code, output }
}

describe.each(['current', 'draft'])('the whole stack, edition %s', (edition) => {
  test('mines blocks of ours that the node takes, and ends with 0', async () => {
    const { code, output } = await start(['--blocks', '2', '--edition', edition])
    expect(output).toMatch(/stratum2\+tcp:\/\/127\.0\.0\.1:\d+\/\w+ {3}<- point SV2 miners here/)
    expect(output).toMatch(/stratum\+tcp:\/\/127\.0\.0\.1:\d+ {3}<- point SV1 miners here/)
    expect(output).toContain('blocks of ours are in the chain')
    expect(output).not.toMatch(/warning/i)
    expect(code).toBe(0)
  })
})

test('runs the pool alone where that is asked for', async () => {
  const { code, output } = await start(['--stack', 'pool', '--blocks', '1', '--devices', '2'])
  expect(output).not.toContain('translator')
  expect(code).toBe(0)
})

test('gives up with a non-zero code when the blocks do not come in time, and says how far it got', async () => {
  const { code, output } = await start([
    '--blocks',
    '5',
    '--timeout',
    '3',
    '--difficulty',
    '1000',
    '--devices',
    '1',
  ])
  expect(code).toBe(1)
  expect(output).toMatch(/only 0 of 5 blocks after 3 s/)
})

test('with --json every line is a JSON object', async () => {
  const { code, output } = await start(['--blocks', '1', '--json'])
  const lines = output.trim().split('\n')
  expect(lines.length).toBeGreaterThan(3)
  for (const line of lines) expect(JSON.parse(line)).toMatchObject({ msg: expect.any(String) })
  expect(code).toBe(0)
})

test('stops cleanly on Ctrl-C', async () => {
  let interrupted = false
  const { code, output } = await start([], (text, kill) => {
    if (interrupted || !text.includes('Ctrl-C stops everything')) return
    interrupted = true
    kill('SIGINT')
  })
  expect(output).toContain('SIGINT: stopping')
  expect(code).toBe(0)
})

test('says what is wrong with its options', async () => {
  const { code, output } = await start(['--edition', 'v1'])
  expect(code).toBe(1)
  expect(output).toContain('current or draft')
})
