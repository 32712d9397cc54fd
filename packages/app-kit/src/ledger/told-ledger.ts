import type { LedgerView } from '../api/ledger-view.ts'
import { ApiRefusal } from '../api/refusal.ts'
import type { LedgerClient } from './ledger-client.ts'

const DAY_MS = 86_400_000
/** Time that a history tells of, and into what slices it is cut. */
const SPANS = {
  day: { days: 1, sliceMs: 600_000 },
  month: { days: 30, sliceMs: 3_600_000 },
  year: { days: 365, sliceMs: DAY_MS },
} as const

/** What the API tells of a ledger. */
export function toldLedger(ledger: LedgerClient): LedgerView {
  return {
    async account(name) {
      const account = await ledger.ask({ kind: 'account', name })
      if (account === undefined) return undefined
      const { balance, expected, paid, earnings } = account
      return {
        books: { balance_sat: Number(balance), expected_sat: Number(expected), paid_sat: Number(paid) },
        earnings: earnings.map(({ hash, height, time, state, earned, paid: part }) => ({
          hash,
          height,
          at: time,
          state,
          earned_sat: Number(earned),
          paid_sat: Number(part),
        })),
      }
    },
    async history({ span, ...of }, now) {
      const { days, sliceMs } = SPANS[span]
      const to = now - (now % sliceMs)
      const told = await ledger.ask({ kind: 'history', ...of, from: to - days * DAY_MS, to, sliceMs })
      return told && { points: [...told.slices], as_of: told.asOf }
    },
    async earnings(account, { limit, cursor }) {
      const told = await ledger.ask({ kind: 'earnings', account, limit: limit + 1, after: placeOf(cursor) })
      if (told === undefined) return undefined
      const items = told.items.slice(0, limit)
      const last = items.at(-1)
      return {
        items: items.map(({ hash, height, time, state, earned, paid }) => ({
          hash,
          height,
          at: time,
          state,
          earned_sat: Number(earned),
          paid_sat: Number(paid),
        })),
        next: told.items.length > limit && last !== undefined ? `${last.time}-${last.hash}` : null,
        as_of: told.asOf,
      }
    },
    async blocks({ limit, cursor }) {
      const before = cursor === undefined ? undefined : numberOf(cursor)
      const blocks = await ledger.ask({ kind: 'blocks', before, limit })
      const last = blocks.at(-1)?.index ?? 0
      return {
        items: blocks.map(({ hash, height, time, finder, worker, state, confirmations, total, fee }) => ({
          hash,
          height,
          at: time,
          account: finder ?? '',
          worker,
          state,
          confirmations,
          total_sat: Number(total),
          fee_sat: Number(fee),
        })),
        next: last > 0 ? String(last) : null,
      }
    },
    async balances({ limit, cursor: after }) {
      const told = await ledger.ask({ kind: 'balances', after, limit: limit + 1 })
      const page = told.slice(0, limit)
      return {
        items: page.map(({ account, balance }) => ({ account, balance_sat: Number(balance) })),
        next: told.length > limit ? (page.at(-1)?.key ?? null) : null,
      }
    },
    async distribution() {
      const given = await ledger.ask({ kind: 'distribution' })
      if (given === undefined) return undefined
      const { id, made_at, pool, payouts } = given
      const value = payouts.reduce((sum, { weight }) => sum + Number(weight), Number(pool.weight))
      return {
        id,
        at: made_at,
        value_sat: value,
        payouts: payouts.map(({ account, script, weight }) => ({
          account,
          script,
          weight,
          expected_sat: Number(weight),
        })),
      }
    },
  }
}

function numberOf(cursor: string): number {
  return Math.max(0, Math.trunc(Number(cursor)) || 0)
}

/** A cursor of earnings; undefined for the first page. @throws {ApiRefusal} */
function placeOf(cursor: string | undefined): { readonly time: number; readonly hash: string } | undefined {
  if (cursor === undefined) return undefined
  const [, time, hash] = /^(\d{1,15})-([0-9a-f]{64})$/.exec(cursor) ?? []
  if (time === undefined || hash === undefined) throw new ApiRefusal(400, 'not a cursor of earnings')
  return { time: Number(time), hash }
}
