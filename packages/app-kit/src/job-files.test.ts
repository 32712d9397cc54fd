import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { KeptJob } from '@sv2/roles/negotiator'
import { DISK_STEPS, writerToFullDisk } from '@sv2/runtime/testing/full-disk'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { JobFiles } from './job-files.ts'

let dataDir = ''
let troubles: unknown[] = []
const onTrouble = (error: unknown) => troubles.push(error)
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'sv2-jobs-'))
  troubles = []
})
afterEach(() => rmSync(dataDir, { recursive: true, force: true }))

const idOf = (n: number) => n.toString(16).padStart(16, '0')

function aJob(n: number, over: Partial<KeptJob> = {}): KeptJob {
  return {
    id: idOf(n),
    holder: { address: '192.0.2.1', account: 'ab'.repeat(16), connection: 7 },
    providedBytes: 3,
    tip: {
      prevHash: new Uint8Array(32).fill(n),
      height: 100,
      nbits: 0x207fffff,
      target: new Uint8Array(32).fill(9),
    },
    coinbase: {
      version: 2,
      scriptPrefix: Uint8Array.of(1, 100),
      sequence: 0xffff_fffe,
      outputs: [
        { value: 5_000_000_000n, script: Uint8Array.of(0x51) },
        { value: 0n, script: new Uint8Array(0) },
      ],
      locktime: 99,
    },
    extranonceSize: 16,
    merklePath: [new Uint8Array(32).fill(1)],
    // a byte of the first is the one that ends the line before
    transactions: [Uint8Array.of(10, 1, 2), Uint8Array.of(3)],
    ...over,
  }
}

/** As it is read again: of a connection that is gone. */
const restored = (job: KeptJob): KeptJob => ({ ...job, holder: { ...job.holder, connection: undefined } })

test('jobs are read again as they were, in the order in which they were accepted', async () => {
  const files = new JobFiles(dataDir, { onTrouble })
  await files.start()
  const jobs = [
    aJob(9),
    aJob(1, { extranonceSize: undefined, holder: { ...aJob(1).holder, address: undefined } }),
  ]
  for (const [at, job] of jobs.entries()) expect(await files.keep(job, at)).toBe(true)
  expect(await new JobFiles(dataDir, { onTrouble }).start()).toEqual(jobs.map(restored))
  expect(troubles).toEqual([])
})

test('what jobs share is in memory once', async () => {
  const files = new JobFiles(dataDir, { onTrouble })
  await files.start()
  await Promise.all([files.keep(aJob(1), 1), files.keep(aJob(2), 2)])
  const [first, second] = await new JobFiles(dataDir, { onTrouble }).start()
  expect(second!.transactions[0]).toBe(first!.transactions[0])
})

test('a job that is forgotten while it is written is gone', async () => {
  const files = new JobFiles(dataDir, { onTrouble })
  await files.start()
  void files.keep(aJob(1), 1)
  await files.forget(idOf(1))
  await files.stop()
  expect(readdirSync(join(dataDir, 'jobs'))).toEqual([])
})

test('a file that is none is told of and left out', async () => {
  const files = new JobFiles(dataDir, { onTrouble })
  await files.start()
  await Promise.all([files.keep(aJob(1), 1), files.keep(aJob(2), 2)])
  const path = join(dataDir, 'jobs', `${idOf(1)}.job`)
  writeFileSync(path, readFileSync(path).subarray(0, -1))
  expect((await new JobFiles(dataDir, { onTrouble }).start()).map(({ id }) => id)).toEqual([idOf(2)])
  expect(troubles).toHaveLength(1)
})

test.each(DISK_STEPS)(
  'a disk that is full at step %s: the job counts as not kept, and nothing half is read',
  async (step) => {
    const files = new JobFiles(dataDir, { onTrouble, write: writerToFullDisk(step) })
    await files.start()
    expect(await files.keep(aJob(1), 1)).toBe(false)
    expect(troubles).toMatchObject([{ code: 'ENOSPC' }])
    expect(await new JobFiles(dataDir, { onTrouble }).start()).toHaveLength(step === 'folder' ? 1 : 0)
    expect(troubles).toHaveLength(1)
  },
)
