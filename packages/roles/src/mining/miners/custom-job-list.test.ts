import type { SetCustomMiningJob } from '@sv2/messages'
import { expect, test } from 'vitest'
import { NEVER } from '../../ground/role.ts'
import { aChannel, aJob, aTip, NOW } from '../channel/_fixtures.ts'
import { Connection } from './connection.ts'
import { CustomJobs } from './custom-job-list.ts'
import type { CustomJob } from './work-source.ts'

const JOB = { type: 'SetCustomMiningJob', requestId: 1 } as unknown as SetCustomMiningJob

function aConnection(session: number): Connection {
  return new Connection(session, { capabilities: {} as never, now: NOW })
}

function expiring(expires: number): CustomJob {
  return { tip: aTip(), content: new Uint8Array(32), expires } as unknown as CustomJob
}

test('four jobs of one connection wait, and no more', () => {
  const jobs = new CustomJobs()
  const [greedy, other] = [aConnection(1), aConnection(2)]
  const kept = Array.from({ length: 5 }, () => jobs.wait(greedy, JOB, NOW))
  expect(kept).toEqual([true, true, true, true, false])
  expect(jobs.wait(other, JOB, NOW)).toBe(true)
})

test('256 jobs of all connections wait, and no more', () => {
  const jobs = new CustomJobs()
  for (let n = 0; n < 256; n++) expect(jobs.wait(aConnection(n), JOB, NOW)).toBe(true)
  expect(jobs.wait(aConnection(999), JOB, NOW)).toBe(false)
  expect(jobs.takeAll()).toHaveLength(256)
  expect(jobs.wait(aConnection(999), JOB, NOW)).toBe(true)
})

test('a job waits until its time, to the millisecond', () => {
  const jobs = new CustomJobs()
  jobs.wait(aConnection(1), JOB, NOW + 10)
  expect([jobs.nextDeadline(), jobs.takeDue(NOW + 9), jobs.takeDue(NOW + 10).length]).toEqual([
    NOW + 10,
    [],
    1,
  ])
  expect(jobs.nextDeadline()).toBe(NEVER)
})

test('jobs that expire are looked for once a second, and no deadline comes before that', () => {
  const jobs = new CustomJobs()
  const channel = aChannel()
  const [first, second] = [aJob(101), aJob(102)]
  jobs.add(channel, first, expiring(NOW))
  jobs.add(channel, second, expiring(NOW + 100))
  expect(jobs.nextDeadline()).toBe(NOW)
  jobs.sweep(NOW)
  expect(channel.custom?.jobs.live(101)).toBeUndefined()
  expect(channel.custom?.jobs.live(102)).toBe(second)
  expect(jobs.nextDeadline()).toBe(NOW + 1_000)
  jobs.sweep(NOW + 999)
  expect(channel.custom?.jobs.live(102)).toBe(second)
  jobs.sweep(NOW + 1_000)
  expect(channel.custom?.jobs.live(102)).toBeUndefined()
  expect(jobs.nextDeadline()).toBe(NEVER)
})
