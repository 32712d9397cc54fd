import type { z } from 'zod'
import type { Tally } from '../stats/tally.ts'
import type { history, rates, shares } from './shapes.ts'

const MINUTE_MS = 60_000

/** Hash rates of a tally, as the API tells them. */
export function toldRates(tally: Tally, now: number): z.output<typeof rates> {
  return {
    ten_minutes: tally.hashrate(10 * MINUTE_MS, now),
    hour: tally.hashrate(60 * MINUTE_MS, now),
    day: tally.hashrate(24 * 60 * MINUTE_MS, now),
  }
}

/** Counts of a tally, as the API tells them. */
export function toldShares(tally: Tally): z.output<typeof shares> {
  return {
    accepted: tally.accepted,
    refused: tally.refused,
    refused_by_reason: tally.reasons,
    work: tally.work,
    best: tally.best,
    last_share_at: tally.lastShareAt ?? null,
    blocks: tally.blocks,
  }
}

/** Hash rate over time, as the API tells it. */
export function toldHistory(tally: Tally, span: 'hour' | 'day', now: number): z.output<typeof history> {
  return { points: tally.history(span, now), as_of: now }
}
