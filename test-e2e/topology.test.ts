import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { startTopology, type Topology } from '@sv2/topology'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

describe('a pool and a farm, each app as a process', () => {
  let topology: Topology
  beforeAll(async () => {
    topology = await startTopology({ difficulty: 4e-6 })
  })
  afterAll(() => topology.stop())

  test('mine blocks that both nodes take', async () => {
    const mined = new Promise<string>((resolve) => topology.farmNode.onBlock(({ hash }) => resolve(hash)))
    expect(topology.node.block(await mined)).toBeDefined()
    await topology.process('pool').logged('block found')
    expect(topology.ownBlocks).toBeGreaterThan(0)
  })

  test('serve metrics and health where they say', async () => {
    for (const name of ['pool', 'mining-proxy', 'translator', 'template-provider'] as const) {
      const answer = await fetch(`${topology.monitoring(name)}/healthz`)
      expect([name, answer.status]).toEqual([name, 200])
    }
    const metrics = await (await fetch(`${topology.monitoring('pool')}/metrics`)).text()
    expect(metrics).toContain('sv2_client_shares_accepted_total')
  })

  test('a part that is killed comes back on its port, and its clients with it', async () => {
    const url = topology.url('pool')
    await topology.kill('pool')
    const pool = await topology.restart('pool')
    expect(topology.url('pool')).toBe(url)
    expect(url).toContain(`:${topology.port('pool')}/`)
    await pool.logged('channel opened')
  })
})

test('`npm run topology` starts all of it, ends after a block, and prefixes each line with its part', async () => {
  const main = join(import.meta.dirname, '../tools/topology/src/main.ts')
  const args = [main, '--side', 'pool', '--blocks', '1', '--difficulty', '2e-6']
  const child = spawn(process.execPath, ['--conditions=@sv2/source', '--import', 'tsx', ...args], {
    cwd: join(import.meta.dirname, '..'),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
  }
  const [code] = (await once(child, 'exit')) as [number | null]
  expect(output).toMatch(/^pool {19}info {2}listening /m)
  expect(output).toContain('blocks of ours are in the chain')
  expect(code).toBe(0)
})
