import { type Logger, observeNode, observeUpstreamWork, type Registry } from '@sv2/app-kit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createObserver as observeProxy } from '../apps/mining-proxy/src/observe.ts'
import { createObserver as observePool } from '../apps/pool/src/observe.ts'
import { createObserver as observeProvider } from '../apps/template-provider/src/observe.ts'
import { ledgerGauges } from '../packages/app-kit/src/ledger/ledger-client.ts'
import type { LedgerNumbers } from '../packages/app-kit/src/ledger/ledger-messages.ts'
import { journalMeters } from '../packages/app-kit/src/ledger/pool-journal.ts'
import { Counter } from '../packages/app-kit/src/monitoring.ts'
import { observeNegotiator } from '../packages/app-kit/src/observe/negotiator.ts'
import { hasPrometheus, orWhyNot, Prometheus } from './prometheus.ts'

let prometheus: Prometheus
beforeAll(async () => {
  if (hasPrometheus) prometheus = await Prometheus.start()
})
afterAll(() => prometheus?.stop())

const session = 1
const share = { session, channelId: 1 }
const REJECTED = {
  hash: 'aa',
  height: 7,
  node: 'node',
  outcome: 'rejected',
  reason: 'bad-cb-amount',
} as const

/** What the observer of an app is told, by the job that its numbers have. */
interface Told {
  readonly alert: string
  readonly name: string
  /** Counts as an app does; what then happens makes the alert true, what mends makes it end. */
  readonly watch: () => Promise<{
    readonly job: string
    happen(): void
    mend(): void
    close(): Promise<void>
  }>
  /** The same in a process where it has happened before anybody looked. */
  readonly watchLate: () => Promise<{ readonly job: string; close(): Promise<void> }>
}

function told<T>(
  alert: string,
  name: string,
  what: {
    readonly by: (log: Logger, registry: Registry) => T
    readonly happens: (observer: T) => void
    readonly mends?: (observer: T) => void
  },
): Told {
  const { by, happens, mends = () => undefined } = what
  const told = (tell: (observer: T) => void) => (log: Logger, registry: Registry) => {
    const observer = by(log, registry)
    tell(observer)
    return observer
  }
  return {
    alert,
    name,
    watch: async () => {
      const { job, observer, close } = await prometheus.watch(name, told(mends))
      return { job, happen: () => happens(observer), mend: () => mends(observer), close }
    },
    watchLate: () => prometheus.watch(name, told(happens)),
  }
}

function times(count: number, what: () => void): void {
  for (let n = 0; n < count; n++) what()
}

function flap(tell: (fact: { kind: 'upstreamUsed'; upstream: number; name: string }) => void): void {
  for (const upstream of [0, 1, 0, 1, 0, 1]) tell({ kind: 'upstreamUsed', upstream, name: 'u' })
}

/** Each of them matters: the first in the life of a process must be seen. */
const RARE = [
  told('BlockRejected', 'template-provider', {
    by: observeProvider,
    happens: ({ fate }) => fate(REJECTED),
  }),
  told('BlockRejected', 'negotiator-server', {
    by: (log, registry) => observeNode(log, registry, 'sv2_negotiator'),
    happens: ({ fate }) => fate(REJECTED),
  }),
  told('SolutionRefused', 'template-provider', {
    by: observeProvider,
    happens: ({ fact }) => fact({ kind: 'solutionRefused', session, templateId: 1n, reason: 'no block' }),
  }),
  told('SolutionRefused', 'negotiator-server', {
    by: observeNegotiator,
    happens: ({ fact }) => fact({ kind: 'solutionRefused', session, reason: 'no job' }),
  }),
]

/** They matter when there are many. */
const MANY = [
  told('PeersMisbehave', 'pool', {
    by: observePool,
    happens: ({ fact }) => times(100, () => fact({ kind: 'peerMisbehaved', session, reason: 'junk' })),
  }),
  told('UpstreamsFlap', 'mining-proxy', {
    by: observeProxy,
    happens: ({ fact }) => flap(fact),
  }),
  told('UpstreamsFlap', 'translator', {
    by: (log, registry) => observeUpstreamWork(log, registry, 'sv2_translator'),
    happens: ({ fact }) => flap(fact),
  }),
]

/** They end when what is wrong is mended. */
const STATES = [
  told('NodeNotReady', 'negotiator-server', {
    by: (log, registry) => observeNode(log, registry, 'sv2_negotiator'),
    happens: ({ state }) =>
      state({ kind: 'waiting', cause: 'away', message: 'away', retryMs: 500, blocksBehind: 0 }),
    mends: ({ state }) => state({ kind: 'ready' }),
  }),
  told('ManyShareRefusals', 'pool', {
    by: observePool,
    happens: ({ fact }) => fact({ kind: 'shareRefused', ...share, code: 'stale-share' }),
    mends: ({ fact }) =>
      times(100, () =>
        fact({
          kind: 'shareAccepted',
          ...share,
          user: 'u',
          worker: undefined,
          difficulty: 1,
          hashDifficulty: 1,
        }),
      ),
  }),
  told('SharesRefusedAbove', 'translator', {
    by: (log, registry) => observeUpstreamWork(log, registry, 'sv2_translator'),
    happens: ({ fact }) => fact({ kind: 'shareRefusedAbove', ...share, upstream: 0, code: 'stale-share' }),
    mends: ({ fact }) => fact({ kind: 'sharesAcknowledgedAbove', upstream: 0, count: 100 }),
  }),
  told('SharesRefusedAbove', 'mining-proxy', {
    by: observeProxy,
    happens: ({ fact }) => fact({ kind: 'shareRefused', ...share, code: 'stale-share', by: 'upstream' }),
    mends: ({ fact }) => fact({ kind: 'sharesAccepted', ...share, count: 100, work: 100n }),
  }),
  told('OnFallback', 'mining-proxy', {
    by: observeProxy,
    happens: ({ fact }) => fact({ kind: 'upstreamUsed', upstream: 1, name: 'second' }),
    mends: ({ fact }) => fact({ kind: 'upstreamUsed', upstream: 0, name: 'first' }),
  }),
]

/** Books that are well: what is told of them changes in a test. */
function observeBooks(_: Logger, registry: Registry) {
  const journal = { lagMs: 3, freeBytes: 50e9 as number | undefined, waitingShares: 1, lastFlushMs: 2 }
  const ledger: { numbers: LedgerNumbers } = {
    numbers: {
      accounts: 3,
      sequence: 1,
      pendingBlocks: 0,
      confirmedBlocks: 0,
      orphanedBlocks: 0,
      distributionAt: Date.now(),
      owed: 0,
      overpaid: 0,
      unknownBlocks: 0,
      nodeBehind: 0,
      isNodeAway: false,
    },
  }
  const { failing } = journalMeters(registry, journal, () => journal)
  ledgerGauges(registry, () => ledger.numbers)
  const shares = new Counter({
    name: 'sv2_client_shares_accepted_total',
    help: 'shares',
    registers: [registry],
  })
  const change = (numbers: Partial<LedgerNumbers>): void => {
    ledger.numbers = { ...ledger.numbers, ...numbers }
  }
  return { journal, failing, shares, change, numbers: () => ledger.numbers }
}

type ObservedBooks = ReturnType<typeof observeBooks>
const ofBooks = (
  alert: string,
  happens: (books: ObservedBooks) => void,
  mends: (books: ObservedBooks) => void,
) => told(alert, 'pool', { by: observeBooks, happens, mends })

const BOOKS = [
  ofBooks(
    'JournalRefused',
    ({ failing }) => failing.set(1),
    ({ failing }) => failing.set(0),
  ),
  ofBooks(
    'JournalSlow',
    ({ journal }) => {
      journal.lastFlushMs = 3_000
    },
    ({ journal }) => {
      journal.lastFlushMs = 2
    },
  ),
  ofBooks(
    'JournalLag',
    ({ journal }) => {
      journal.lagMs = 9_000
    },
    ({ journal }) => {
      journal.lagMs = 0
    },
  ),
  ofBooks(
    'JournalDiskLow',
    ({ journal }) => {
      journal.freeBytes = 1e9
    },
    ({ journal }) => {
      journal.freeBytes = 50e9
    },
  ),
  ofBooks(
    'DistributionOld',
    ({ shares, change }) => {
      shares.inc()
      change({ distributionAt: Date.now() - 1_000_000 })
    },
    ({ change }) => change({ distributionAt: Date.now() }),
  ),
  ofBooks(
    'LedgerStuck',
    ({ shares }) => shares.inc(),
    ({ numbers, change }) => change({ sequence: numbers().sequence + 10 }),
  ),
  ofBooks(
    'UnknownBlocks',
    ({ change }) => change({ unknownBlocks: 1 }),
    ({ change }) => change({ unknownBlocks: 0 }),
  ),
  ofBooks(
    'LedgerNodeBehind',
    ({ change }) => change({ nodeBehind: 2 }),
    ({ change }) => change({ nodeBehind: 0 }),
  ),
  ofBooks(
    'LedgerNodeBehind',
    ({ change }) => change({ isNodeAway: true }),
    ({ change }) => change({ isNodeAway: false }),
  ),
]

describe.skipIf(!hasPrometheus).concurrent(`a Prometheus tells what apps count${orWhyNot}`, () => {
  test.each(RARE)('$alert fires at the first of $name, and clears', async ({ alert, watch }) => {
    const { job, happen, close } = await watch()
    expect(await prometheus.fires(alert, { job, rules: 'written' })).toBe(false)
    happen()
    await prometheus.until(() => prometheus.fires(alert, { job, rules: 'written' }))
    await endsInTime(alert, job)
    await close()
  })

  test.each(RARE)('$alert fires at one of $name before it was first seen', async ({ alert, watchLate }) => {
    const { job, close } = await watchLate()
    await prometheus.until(() => prometheus.fires(alert, { job, rules: 'written' }))
    await close()
  })

  test.each(MANY)('$alert fires at many of $name, and clears', async ({ alert, watch }) => {
    const { job, happen, close } = await watch()
    expect(await prometheus.fires(alert, { job, rules: 'written' })).toBe(false)
    happen()
    await prometheus.until(() => prometheus.fires(alert, { job, rules: 'written' }))
    await prometheus.until(() => {
      happen()
      return prometheus.fires(alert, { job, rules: 'quick' })
    })
    await endsInTime(alert, job)
    await close()
  })

  test.each([...STATES, ...BOOKS])('$alert of $name fires, and clears', async ({ alert, watch }) => {
    const { job, happen, mend, close } = await watch()
    expect(await prometheus.fires(alert, { job, rules: 'written' })).toBe(false)
    await prometheus.until(() => {
      happen()
      return prometheus.fires(alert, { job, rules: 'written' })
    })
    await prometheus.until(async () => {
      mend()
      return !(await prometheus.fires(alert, { job, rules: 'written' }))
    })
    await close()
  })

  test('NodesDisagree fires while two providers are at heights far apart, and clears, whoever has no template yet', async () => {
    const alert = 'NodesDisagree'
    const ours = await prometheus.watch('template-provider', observeProvider)
    const farm = await prometheus.watch('farm-template-provider', observeProvider)
    const template = {
      kind: 'templateSent',
      templateId: 1n,
      reason: 'tip',
      transactions: 0,
      left: 0,
    } as const
    const at = (height: number) => ({ ...template, height, value: 1n, clients: 1 })
    ours.observer.fact(at(100))
    farm.observer.fact(at(98))
    await prometheus.until(() => prometheus.fires(alert, { rules: 'written' }))
    farm.observer.fact(at(99))
    await prometheus.until(async () => !(await prometheus.fires(alert, { rules: 'written' })))
    await Promise.all([ours.close(), farm.close()])
  })
})

/** What looks some time back stops by itself. */
async function endsInTime(alert: string, job: string): Promise<void> {
  await prometheus.until(() => prometheus.hasFired(alert, { job, rules: 'quick' }))
  await prometheus.until(async () => !(await prometheus.fires(alert, { job, rules: 'quick' })))
}
