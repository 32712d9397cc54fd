import type { Measurement } from './report.ts'
import { judgedShares, type Run, round } from './share.ts'

/** Pairs of runs, one process and two workers, one behind the other: the machine changes less between two than over all. */
const PAIRS = 3

/** Shares of one pool, as one process and as two worker processes behind one door: what one costs, all processes together. */
export async function measureWorkers(dataDir: string): Promise<Measurement[]> {
  const pairs: { readonly one: Run; readonly two: Run }[] = []
  for (let n = 0; n < PAIRS; n++) {
    const load = { edition: 'current', connections: 1_000, channels: 1 } as const
    const run = (workers: number) =>
      judgedShares({
        ...load,
        dataDir: `${dataDir}/${n}-${workers}`,
        pool: { workers, log: { level: 'silent' } },
      })
    pairs.push({ one: await run(1), two: await run(2) })
  }
  const ratio = ({ one, two }: (typeof pairs)[number]) => two.cpuMicros / one.cpuMicros
  const { one, two } = pairs.sort((a, b) => ratio(a) - ratio(b))[PAIRS >> 1]!
  return [row('one process (baseline)', one, one), row('main process and two workers', two, one)]
}

function row(name: string, run: Run, baseline: Run): Measurement {
  return {
    part: 'workers',
    name: `${name}, 1000 connection(s) × 1 channel(s)`,
    values: {
      'shares/s': Math.round(run.perSecond),
      'CPU µs/share': round(run.cpuMicros),
      'CPU per share ÷ one process': `${round(run.cpuMicros / baseline.cpuMicros)} ×`,
    },
  }
}
