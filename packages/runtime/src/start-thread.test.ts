import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startThread } from './start-thread.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'start-thread-'))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const importer = (file: string): string => pathToFileURL(join(folder, file)).href
const ANSWER = "import { parentPort, workerData } from 'node:worker_threads'\n"

test('sources: the thread runs TypeScript, and resolves packages to their sources', async () => {
  const systemClock = `import { systemClock } from ${JSON.stringify(new URL('./clock.ts', import.meta.url).href)}\n`
  const twice = 'const twice = (n: number): number => 2 * n\n'
  writeFileSync(
    join(folder, 'doubling-thread.ts'),
    `${ANSWER}${systemClock}${twice}parentPort!.postMessage([twice(workerData), typeof systemClock.now()])\n`,
  )
  const worker = startThread(importer('client.ts'), 'doubling-thread', 21)
  expect(await once(worker, 'message')).toEqual([[42, 'number']])
  await worker.terminate()
})

test('dist: the thread is the JavaScript beside the importer, as it stands', async () => {
  writeFileSync(
    join(folder, 'thread.js'),
    `${ANSWER}parentPort.postMessage(workerData + process.execArgv.length)\n`,
  )
  const worker = startThread(importer('client.js'), 'thread', 1)
  expect(await once(worker, 'message')).toEqual([1 + process.execArgv.length])
  await worker.terminate()
})

test('an error of the thread arrives', async () => {
  writeFileSync(join(folder, 'thread.js'), "throw new Error('mended by hand')\n")
  const worker = startThread(importer('client.js'), 'thread', undefined)
  const [error] = await once(worker, 'error')
  expect(String(error)).toBe('Error: mended by hand')
})
