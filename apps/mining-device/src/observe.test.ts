import { PassThrough } from 'node:stream'
import { createLogger, Registry } from '@sv2/app-kit'
import type { DeviceFact } from '@sv2/roles/device'
import { describe, expect, test } from 'vitest'
import { createObserver } from './observe.ts'

/** An observer, what it logs at info and above, and what it counts. */
function observed(...facts: readonly DeviceFact[]) {
  const out = new PassThrough()
  const registry = new Registry()
  const observer = createObserver(createLogger('device', { level: 'info', format: 'json' }, out), registry)
  for (const fact of facts) observer.fact(fact)
  const text = String(out.read() ?? '')
  const lines = text.split('\n').filter((line) => line !== '')
  const metric = async (name: string): Promise<unknown> =>
    (await registry.getSingleMetric(`sv2_device_${name}`)!.get()).values
  return { observer, metric, lines: lines.map((line) => JSON.parse(line) as Record<string, unknown>) }
}

describe('observer of the mining device', () => {
  test('shares are counters, not lines', async () => {
    const { observer, lines, metric } = observed(
      { kind: 'shareSubmitted', sequenceNumber: 1, jobId: 1 },
      { kind: 'shareSubmitted', sequenceNumber: 2, jobId: 1 },
      { kind: 'sharesAccepted', count: 2, work: 64n },
      { kind: 'shareRefused', sequenceNumber: 3, code: 'stale-share' },
      { kind: 'shareDropped', jobId: 1, reason: 'its hash is above the target' },
    )
    expect(lines).toEqual([])
    expect(observer.counts()).toMatchObject({ submitted: 2, accepted: 2, refused: 1, dropped: 1 })
    expect(await metric('shares_accepted_total')).toMatchObject([{ value: 2 }])
    expect(await metric('accepted_work_total')).toMatchObject([{ value: 64 }])
    expect(await metric('shares_refused_total')).toMatchObject([
      { value: 1, labels: { code: 'stale-share' } },
    ])
  })

  test('a code the specification does not have makes no label of its own', async () => {
    const { metric } = observed(
      { kind: 'shareRefused', sequenceNumber: 1, code: 'made-up-1' },
      { kind: 'shareRefused', sequenceNumber: 2, code: 'made-up-2' },
    )
    expect(await metric('shares_refused_total')).toMatchObject([{ value: 2, labels: { code: 'other' } }])
  })

  test('the measured hash rate is a line with what it led to, and a gauge', async () => {
    const { lines, metric, observer } = observed(
      { kind: 'shareSubmitted', sequenceNumber: 1, jobId: 1 },
      { kind: 'hashrateMeasured', hashrate: 1234.4 },
    )
    expect(lines).toMatchObject([{ msg: 'hashing', hashrateHps: 1234, submitted: 1, accepted: 0 }])
    expect(await metric('hashrate_hps')).toMatchObject([{ value: 1234.4 }])
    expect(observer.counts().hashrate).toBe(1234.4)
  })

  test('text of the server that is no code is not printed', () => {
    const { lines } = observed(
      { kind: 'channelRefused', code: 'unknown-user' },
      { kind: 'channelRefused', code: 'buy at\nexample.com' },
    )
    expect(lines).toMatchObject([{ code: 'unknown-user' }, { code: 'unreadable' }])
  })

  test('a device mines from the opening of its channel to its end', () => {
    const opened: DeviceFact = { kind: 'channelOpened', channelId: 1, difficulty: 2 }
    expect(observed().observer.counts().mining).toBe(false)
    const { observer } = observed(opened)
    expect(observer.counts().mining).toBe(true)
    observer.disconnected()
    expect(observer.counts().mining).toBe(false)
    expect(
      observed(opened, { kind: 'channelClosed', channelId: 1, reason: 'bye' }).observer.counts().mining,
    ).toBe(false)
  })

  test.each<{ fact: DeviceFact; level: number }>([
    { fact: { kind: 'connected' }, level: 30 },
    { fact: { kind: 'setupRefused', code: 'unsupported-protocol', flags: 0 }, level: 50 },
    { fact: { kind: 'extensionsAgreed', extensions: [2] }, level: 30 },
    { fact: { kind: 'extensionsUnanswered' }, level: 40 },
    { fact: { kind: 'difficultyChanged', difficulty: 4 }, level: 30 },
    { fact: { kind: 'newPrevHash', prevHash: '00' }, level: 30 },
    { fact: { kind: 'peerMisbehaved', reason: 'no' }, level: 40 },
  ])('$fact.kind is one line', ({ fact, level }) => {
    expect(observed(fact).lines).toMatchObject([{ level }])
  })

  test.each<{ fact: DeviceFact }>([
    { fact: { kind: 'prefixChanged', channelId: 1 } },
    { fact: { kind: 'messageIgnored', type: 'NewMiningJob', reason: 'no' } },
  ])('$fact.kind is for debugging only', ({ fact }) => {
    expect(observed(fact).lines).toEqual([])
  })
})
