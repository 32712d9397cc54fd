import { measureBooking } from './booking.ts'
import type { Measurement } from './report.ts'
import { judgedShares, type Run, round } from './share.ts'

/** Pairs of runs, with and without, one behind the other: the machine changes less between two than over all. */
const PAIRS = 3

/** Shares judged with the journal and without, and what a ledger does with them. */
export async function measureJournal(dataDir: string): Promise<Measurement[]> {
  return [...(await measureJudging(dataDir)), ...measureBooking(`${dataDir}/booking`)]
}

async function measureJudging(dataDir: string): Promise<Measurement[]> {
  const rows: Measurement[] = []
  for (const [connections, channels] of [
    [1, 1_000],
    [1_000, 1],
  ] as const) {
    const pairs: { readonly without: Run; readonly with: Run }[] = []
    for (let n = 0; n < PAIRS; n++) {
      const load = { edition: 'current', connections, channels } as const
      const folder = `${dataDir}/${connections}-${n}`
      pairs.push({
        without: await judgedShares({
          ...load,
          dataDir: `${folder}-without`,
          pool: { journal: { enabled: false } },
        }),
        with: await judgedShares({ ...load, dataDir: `${folder}-with` }),
      })
    }
    const ratio = (pair: (typeof pairs)[number]) => pair.without.cpuMicros / pair.with.cpuMicros
    const median = pairs.sort((a, b) => ratio(a) - ratio(b))[PAIRS >> 1]!
    const load = `${connections} connection(s) × ${channels} channel(s)`
    rows.push(row(`${load}, no journal (baseline)`, median.without, median.without))
    rows.push(row(`${load}, journal`, median.with, median.without))
  }
  return rows
}

function row(name: string, run: Run, without: Run): Measurement {
  return {
    part: 'journal',
    name,
    values: {
      'shares/s': Math.round(run.perSecond),
      'shares/s and core': Math.round(run.perSecondAndCore),
      'CPU µs/share': round(run.cpuMicros),
      'against the baseline': `${round(without.cpuMicros / run.cpuMicros)} ×`,
    },
  }
}
