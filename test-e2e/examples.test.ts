import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { startRegtestNode } from '@sv2/regtest-node'
import { expect, test } from 'vitest'
import { runExamples } from './examples.ts'
import { AppProcess } from './process.ts'

const ROOT = resolve(import.meta.dirname, '..')
const ADDRESS = 'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202'

/** Lines of code of an example: no comments, no blanks, no imports. */
function linesOf(example: string): number {
  const text = readFileSync(join(ROOT, 'examples', `${example}.ts`), 'utf8')
  const code = text.replace(/^import [^;]*? from '.*'$/gms, '')
  return code.split('\n').filter((line) => line.trim() !== '' && !/^\s*(\/\/|\/\*\*)/.test(line)).length
}

test('the examples run, and are as short as they are said to be', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sv2-examples-'))
  const cookieFile = join(folder, '.cookie')
  const node = await startRegtestNode({ difficulty: 2e-6, cookieFile, initialBlocks: 5 })
  const difficulty = { min_difficulty: 1e-8, start_difficulty: 1e-7 }
  const up = new AppProcess(
    { app: 'sv2', subcommand: 'up' },
    {
      network: 'regtest',
      data_dir: join(folder, 'up'),
      nodes: [{ url: node.url, cookie_file: cookieFile }],
      pool: {
        difficulty,
        listen: [{ port: 0 }],
        job_negotiator: { listen: [{ port: 0 }] },
        monitoring: { port: 0 },
      },
      template_provider: { monitoring: { port: 0 } },
      translator_proxy: { v1_to_v2: { difficulty }, monitoring: { port: 0 } },
    },
  )
  const { port } = await up.logged('listening for Stratum V1')
  const tsx = pathToFileURL(join(ROOT, 'node_modules/tsx/dist/loader.mjs')).href
  const printed = await runExamples({
    node: (example) => [
      process.execPath,
      ...['--conditions=@sv2/source', '--import', tsx],
      join(ROOT, 'examples', `${example}.ts`),
    ],
    cwd: folder,
    rpc: { url: node.url, cookieFile },
    address: ADDRESS,
    v1Port: Number(port),
  })
  expect(printed['decode-frame']).toContain("reasonCode: 'bye'")
  expect(printed['work-source']).toMatch(/OpenExtendedMiningChannel\.Success\nOpenMiningChannel\.Error/)
  expect(linesOf('client')).toBeLessThanOrEqual(15)
  expect(linesOf('pool')).toBeLessThanOrEqual(40)
  await up.kill('SIGTERM')
  await node.stop()
  rmSync(folder, { recursive: true })
})
