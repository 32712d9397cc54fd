import { describe, expect, test } from 'vitest'
import type { Job, Tip } from '../mining/channel/job.ts'
import { JobLines, jobIdText, readJobId } from './job-lines.ts'

const TIP: Tip = {
  prevHash: new Uint8Array(32),
  minNtime: 1_000,
  nbits: 0x1d00ffff,
  networkTarget: new Uint8Array(32),
}

function aJob(change: Partial<Job> = {}): Job {
  return {
    jobId: 10,
    space: 10,
    order: 1,
    version: 0x2000_0000,
    versionRollingAllowed: true,
    merklePath: [],
    coinbaseTxPrefix: Uint8Array.of(1),
    coinbaseTxSuffix: Uint8Array.of(2),
    activeSince: 1,
    tip: TIP,
    ...change,
  }
}

describe('lines of jobs', () => {
  test('are the same object within a second, and each kind has its own', () => {
    const lines = new JobLines()
    const job = aJob()
    const plain = lines.line(job, TIP, { cleanJobs: false, mask: 0, now: 0 })
    expect(lines.line(job, TIP, { cleanJobs: false, mask: 0, now: 999 })).toBe(plain)
    expect(lines.line(job, TIP, { cleanJobs: true, mask: 0, now: 999 })).toMatchObject({
      cleanJobs: true,
      ntime: 1_000,
    })
    expect(lines.line(job, TIP, { cleanJobs: false, mask: 0, now: 1_000 })).toMatchObject({ ntime: 1_001 })
  })

  test('grow older with their tip, and never younger than the job says', () => {
    const lines = new JobLines()
    const job = aJob()
    lines.line(job, TIP, { cleanJobs: true, mask: 0, now: 0 })
    const repeated = { ...job, jobId: 11 }
    expect(lines.line(repeated, TIP, { cleanJobs: false, mask: 0, now: 60_000 }).ntime).toBe(1_060)
    const later = aJob({ jobId: 12, minNtime: 1_500, coinbaseTxPrefix: Uint8Array.of(3) })
    expect(lines.line(later, TIP, { cleanJobs: false, mask: 0, now: 60_000 }).ntime).toBe(1_500)
    expect(lines.line({ ...later, jobId: 13 }, TIP, { cleanJobs: false, mask: 0, now: 90_000 }).ntime).toBe(
      1_530,
    )
  })
})

test('show a miner a version without the bits it may roll, and share a line where that is the same', () => {
  const lines = new JobLines()
  const line = (job: Job, mask: number) => lines.line(job, TIP, { cleanJobs: false, mask, now: 0 })
  const signals = aJob({ version: 0x3000_4000 })
  expect(line(signals, 0).version).toBe(0x3000_4000)
  expect(line(signals, 0x1fff_e000).version).toBe(0x2000_0000)
  expect(line(signals, 0x1000_0000).version).toBe(0x2000_4000)
  expect(line(signals, 0x1fff_e000)).toBe(line(signals, 0x1fff_e000))
  const plain = aJob({ jobId: 11 })
  expect(line(plain, 0x1fff_e000)).toBe(line(plain, 0))
})

test('a time that an upstream puts at the end of all times does not go beyond it', () => {
  const lines = new JobLines()
  const tip = { ...TIP, minNtime: 0xffff_ffff }
  lines.line(aJob(), tip, { cleanJobs: true, mask: 0, now: 0 })
  expect(lines.line(aJob({ jobId: 11 }), tip, { cleanJobs: false, mask: 0, now: 60_000 }).ntime).toBe(
    0xffff_ffff,
  )
})

test.each([0, 10, 0xffff_ffff])('job id %i is read as it was written', (jobId) => {
  expect(readJobId(jobIdText(jobId))).toBe(jobId)
})

test.each(['', 'g', '0x1', '123456789', '-1', '1.0', 'FF'])('"%s" is no job id of ours', (text) => {
  expect(readJobId(text)).toBeUndefined()
})
