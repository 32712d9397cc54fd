import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeSegmentHeader } from '@sv2/journal'
import { JournalTail, segmentPath } from '@sv2/runtime/journal'
import { freePort } from '@sv2/topology'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { AppProcess } from './process.ts'
import { ProcessStack } from './process-stack.ts'

const stack = new ProcessStack('current')
const folder = mkdtempSync(join(tmpdir(), 'sv2-journal-'))
/** A file system of 1 MiB, where this user may mount one. */
const small = join(folder, 'small')
mkdirSync(small)
const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', small]).status === 0
let providerUrl: string
beforeAll(async () => {
  stack.monitoring.pool = await freePort(0)
  // no share is a block: nothing but shares fills the journal
  await stack.startNode({ difficulty: 1 })
  providerUrl = (await stack.startProvider()).url
})
afterAll(async () => {
  await stack.close()
  if (mounted) spawnSync('umount', ['-l', small])
  rmSync(folder, { recursive: true, force: true })
})

/** Shares in a journal, from its first record on. */
function sharesIn(journal: string): number {
  let shares = 0
  for (const { record } of new JournalTail(journal).read()) if (record.kind === 'share') shares++
  return shares
}

/** Shares that a device was told of as accepted. */
function acknowledged(device: AppProcess): number {
  return device.log
    .filter(({ msg }) => msg === 'shares accepted')
    .reduce((sum, { shares }) => sum + Number(shares), 0)
}

async function metric(name: string): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${stack.monitoring.pool}/metrics`)
  return Number(new RegExp(`^${name}\\{[^}]*\\} (\\S+)$`, 'm').exec(await answer.text())?.[1])
}

// what is acknowledged before its flush is lost when the pool is killed at the acknowledgement
test('a pool that is killed under load has every share in its journal that it acknowledged', async () => {
  const dir = join(folder, 'killed')
  const first = await stack.startPool(providerUrl, { journal: { dir, flush_ms: 200 } })
  const devices = [1, 2].map((n) =>
    stack.startDevice(first.url, 'extended', { user: `load${n}`, hashrate: 40_000 }),
  )
  let { pool } = first
  for (let kill = 0; kill < 3; kill++) {
    const before = devices.map((device) => device.log.length)
    await Promise.all(devices.map((device, n) => device.logged('shares accepted', before[n])))
    await pool.kill('SIGKILL')
    pool = (await stack.startPool(providerUrl, { journal: { dir, flush_ms: 200 } })).pool
  }
  const before = devices.map((device) => device.log.length)
  await Promise.all(devices.map((device, n) => device.logged('shares accepted', before[n])))
  await Promise.all(devices.map((device) => device.kill('SIGTERM')))
  await pool.kill('SIGKILL')
  const told = devices.reduce((sum, device) => sum + acknowledged(device), 0)
  expect(told).toBeGreaterThan(10)
  expect(sharesIn(dir)).toBeGreaterThanOrEqual(told)
}, 240_000)

describe('a journal on a disk that is full', () => {
  const why = mounted ? '' : ' (skipped: this user may not mount a file system)'

  test.skipIf(!mounted)(
    `refuses shares, tells of it, and goes on by itself when there is room${why}`,
    async () => {
      const { pool, url } = await stack.startPool(providerUrl, { journal: { dir: small } })
      const device = stack.startDevice(url, 'extended', { user: 'full', hashrate: 40_000 })
      await device.logged('shares accepted')
      const filler = join(small, 'filler')
      const { bavail, bsize } = statfsSync(small)
      writeFileSync(filler, Buffer.alloc(bavail * bsize))
      const refused = await device.logged('share refused')
      expect(refused.code).toBe('not-recorded')
      expect(pool.log.map(({ msg }) => msg)).toContain(
        'the disk refuses the journal: shares are refused until it takes them',
      )
      expect(await metric('sv2_pool_journal_failing')).toBe(1)
      expect(await metric('sv2_pool_journal_refused_shares_total')).toBeGreaterThan(0)
      const from = device.log.length
      rmSync(filler)
      await pool.logged('the disk takes the journal again')
      await device.logged('shares accepted', from)
      expect(await metric('sv2_pool_journal_failing')).toBe(0)
      await device.kill('SIGTERM')
      await pool.kill('SIGTERM')
      expect(sharesIn(small)).toBeGreaterThanOrEqual(acknowledged(device))
    },
    60_000,
  )
})

describe('a pool refuses to start', () => {
  const start = (dir: string) =>
    new AppProcess('pool', {
      data_dir: mkdtempSync(join(folder, 'data-')),
      network: 'regtest',
      payout: { address: 'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202' },
      template_provider: { url: providerUrl },
      listen: [{ host: '127.0.0.1', port: 0 }],
      monitoring: { port: 0 },
      journal: { dir },
    })
  const refusal = async (dir: string) => {
    const pool = start(dir)
    const { code } = await pool.ended
    return { code, problem: pool.log.find(({ msg }) => msg === 'configuration problem') }
  }
  /** A journal whose first segment begins like this. */
  const journal = (name: string, header: Uint8Array, id = '07'.repeat(16)): string => {
    const dir = join(folder, name)
    mkdirSync(dir)
    writeFileSync(segmentPath(dir, 0), header)
    writeFileSync(join(dir, 'pool.id'), `${id}\n`)
    return dir
  }
  const header = (node: number) =>
    encodeSegmentHeader({ poolId: new Uint8Array(16).fill(7), node, number: 0, firstSequence: 0 })

  test('on a journal that another process writes, which it names', async () => {
    const dir = join(folder, 'shared')
    const first = start(dir)
    await first.logged('journal opened')
    const { code, problem } = await refusal(dir)
    expect(code).toBe(64)
    expect(problem).toMatchObject({ key: 'journal.dir', value: dir })
    expect(problem?.message).toMatch(
      /^is in use by pool, process \d+ on .*: end it, or give each process a journal\.dir/,
    )
    await first.kill('SIGTERM')
  }, 60_000)

  test.each([
    [
      'of another version of the format',
      () => journal('version', header(0).with(8, 9)),
      /version: format 9, and this program reads 1 and 2; use the program that wrote it/,
    ],
    [
      'of another pool',
      () => journal('other', header(0), '08'.repeat(16)),
      /is of another pool; give each pool a folder of its own/,
    ],
    ['of another node', () => journal('node', header(5)), /server_id 5, and this one has 0/],
    [
      'whose id is gone',
      () => {
        const dir = journal('no-id', header(0))
        rmSync(join(dir, 'pool.id'))
        return dir
      },
      /pool\.id is missing, and there are segments/,
    ],
  ])(
    'on a journal %s, with exit code 64',
    async (_, make, message) => {
      const dir = make()
      const { code, problem } = await refusal(dir)
      expect(code).toBe(64)
      expect(problem).toMatchObject({ key: 'journal.dir', value: dir })
      expect(problem?.message).toMatch(message)
      expect(existsSync(segmentPath(dir, 1))).toBe(false)
    },
    60_000,
  )
})
