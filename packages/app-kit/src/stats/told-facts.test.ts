import { expect, test } from 'vitest'
import { testedStats } from './_stats-fixtures.ts'
import type { CountedFact } from './facts.ts'
import type { Statistics } from './statistics.ts'
import { FactGatherer, sessionThere, ToldFacts } from './told-facts.ts'

type Counter = Pick<Statistics, 'opened' | 'closed' | 'fact'>

const accepted = (
  session: number,
  channelId: number,
  over: { worker?: string; best?: number } = {},
): CountedFact => ({
  kind: 'shareAccepted',
  session,
  channelId,
  user: '',
  worker: over.worker,
  difficulty: 8,
  hashDifficulty: over.best ?? 10,
})

/** What happens in a pool: connections, channels, shares good and bad, one that names a worker. */
function happen(counter: Counter, user: string): void {
  for (const session of [1, 2]) {
    counter.opened({ session, port: 'miners', remote: '192.0.2.1:1', edition: 'current' })
    counter.fact({ kind: 'minerConnected', session, vendor: 'v', firmware: 'f' })
    for (const channelId of [1, 2])
      counter.fact({
        kind: 'channelOpened',
        session,
        channelId,
        channelKind: 'extended',
        user,
        worker: `rig${channelId}`,
        difficulty: 8,
        nominalHashrate: 1e12,
      })
  }
  for (let n = 0; n < 20; n++) counter.fact(accepted(1 + (n % 2), 1 + (n % 3 === 0 ? 1 : 0), { best: n }))
  counter.fact(accepted(1, 1, { worker: 'other', best: 99 }))
  counter.fact({ kind: 'shareRefused', session: 1, channelId: 1, code: 'stale-share' })
  counter.fact({ kind: 'channelClosed', session: 1, channelId: 2, user })
  counter.closed(2)
}

function summary(stats: Statistics, user: string) {
  stats.settle()
  const account = stats.workers.accounts.get(user)
  return {
    clients: stats.clients.size,
    channels: stats.channels.extended,
    total: [stats.total.accepted, stats.total.work, stats.total.best, stats.total.refused],
    account: [account?.tally.accepted, account?.tally.work, account?.tally.best],
    workers: [...(account?.workers.values() ?? [])].map(({ name, tally }) => [
      name,
      tally.accepted,
      tally.best,
    ]),
  }
}

test('what another process counts together is counted as if it had happened here', () => {
  const here = testedStats().stats
  happen(here, 'alice')
  const there = testedStats().stats
  const gatherer = new FactGatherer()
  happen(gatherer, 'alice')
  // sums of channels that are closed are told before that, the others when they are asked for
  const sooner = gatherer.take({ withSums: false })
  const facts = [...sooner, ...gatherer.take({ withSums: true })]
  expect(sooner.length).toBeLessThan(facts.length)
  expect(facts.filter(({ kind }) => kind === 'shareAccepted')).toEqual([])
  expect(facts.filter(({ kind }) => kind === 'sharesCounted').length).toBeLessThan(7)
  new ToldFacts(there).take(3, structuredClone(facts))
  expect(summary(there, 'alice')).toEqual(summary(here, 'alice'))
  expect(gatherer.take({ withSums: true })).toEqual([])
})

test('processes have connections of their own, and take them along when they go', () => {
  const { stats } = testedStats()
  const told = new ToldFacts(stats)
  for (const process of [1, 2]) {
    const gatherer = new FactGatherer()
    happen(gatherer, `user${process}`)
    told.take(process, gatherer.take({ withSums: true }))
  }
  stats.settle()
  expect(stats.total.accepted).toBe(42)
  expect([...stats.clients.keys()].map(sessionThere)).toEqual([
    { process: 1, session: 1 },
    { process: 2, session: 1 },
  ])
  told.gone(1)
  stats.settle()
  expect([...stats.clients.keys()].map(sessionThere)).toEqual([{ process: 2, session: 1 }])
  expect(stats.channels.extended).toBe(1)
})

test('a tip that every process tells of is news once', () => {
  const { stats } = testedStats()
  const told = new ToldFacts(stats)
  const tips: unknown[] = []
  stats.live.subscribe(({ event }) => tips.push(event.kind === 'tip' && event.prevHash))
  const tip = (prevHash: string): CountedFact => ({ kind: 'newTip', prevHash, networkDifficulty: 1 })
  told.take(1, [tip('aa'), tip('bb')])
  told.take(2, [tip('aa'), tip('bb'), tip('cc')])
  told.take(1, [tip('cc')])
  expect(tips).toEqual(['aa', 'bb', 'cc'])
})
