import { Statistics } from './statistics.ts'

/** A clock of tests, and statistics that read it. */
export function testedStats(maxWorkers = 100) {
  const clock = { now: 1_700_000_000_000 }
  const stats = new Statistics({ maxWorkers, upstreams: ['pool.example:3333'] }, () => clock.now)
  return { clock, stats }
}

/** A miner with one channel, as the facts of a role tell it. */
export function join(
  stats: Statistics,
  session: number,
  { user, worker = '', edition = 'current' }: { user: string; worker?: string; edition?: string },
): void {
  stats.opened({ session, port: 'miners', remote: `192.0.2.1:${session % 60_000}`, edition })
  if (edition === 'v1')
    stats.fact({ kind: 'v1Subscribed', session, dialect: 'bitaxe', userAgent: 'bitaxe/2', resumed: false })
  else stats.fact({ kind: 'minerConnected', session, vendor: 'v', firmware: 'f' })
  openChannel(stats, { session, channelId: 1, user, worker })
}

/** A channel of a connection. */
export function openChannel(
  stats: Statistics,
  channel: {
    readonly session: number
    readonly channelId: number
    readonly user: string
    readonly worker: string
  },
): void {
  stats.fact({
    kind: 'channelOpened',
    ...channel,
    channelKind: 'extended',
    difficulty: 8,
    nominalHashrate: 1e12,
  })
}

/** An accepted share of such a miner. */
export function share(
  stats: Statistics,
  session: number,
  { difficulty = 8, best = 10, worker }: { difficulty?: number; best?: number; worker?: string } = {},
): void {
  const where = { session, channelId: 1, user: '' }
  stats.fact({ kind: 'shareAccepted', ...where, worker, difficulty, hashDifficulty: best })
  stats.settle()
}
