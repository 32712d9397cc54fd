import { Gauge, type Registry } from '../monitoring.ts'
import { readableText } from '../readable-code.ts'
import type { WorkerStats } from '../stats/parties.ts'
import type { Statistics } from '../stats/statistics.ts'

const TEN_MINUTES_MS = 600_000

/** Makes series of each worker, of those that came first; an operator asks for them, since their names are labels. */
export function observeWorkers(
  stats: Statistics,
  registry: Registry,
  { most, now }: { readonly most: number; readonly now: () => number },
): void {
  const series = (name: string, help: string, value: (worker: WorkerStats) => number) => {
    new Gauge({
      name,
      help,
      labelNames: ['account', 'worker'],
      registers: [registry],
      collect() {
        stats.settle()
        this.reset()
        let told = 0
        for (const account of stats.workers.accounts.values())
          for (const worker of account.workers.values()) {
            if (told === most) return
            told++
            const labels = { account: readableText(account.name), worker: readableText(worker.name) }
            this.inc(labels, value(worker))
          }
      },
    })
  }
  series('sv2_worker_hashrate', 'With per_worker: H/s by accepted shares of ten minutes', ({ tally }) =>
    tally.hashrate(TEN_MINUTES_MS, now()),
  )
  series('sv2_worker_shares_accepted', 'With per_worker: accepted shares', ({ tally }) => tally.accepted)
  series('sv2_worker_shares_rejected', 'With per_worker: refused shares', ({ tally }) => tally.refused)
  series(
    'sv2_worker_last_share_seconds',
    'With per_worker: time since the last share',
    ({ tally, connectedAt }) => Math.max(0, now() - (tally.lastShareAt ?? connectedAt)) / 1000,
  )
}
