import type { LedgerView } from '../api/ledger-view.ts'
import type { LedgerClient } from './ledger-client.ts'

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
