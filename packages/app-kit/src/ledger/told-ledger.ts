import { statSync } from 'node:fs'
import { SegmentReader, segmentNumbers, segmentPath } from '@sv2/runtime/journal'
import type { LedgerView, PageRequest } from '../api/ledger-view.ts'
import type { LedgerClient } from './ledger-client.ts'

/** What the API tells of a ledger and its journal. @param folder of the journal */
export function toldLedger(ledger: LedgerClient, folder: string): LedgerView {
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
    segments: (page) => Promise.resolve(segmentsOf(folder, page)),
  }
}

function segmentsOf(
  folder: string,
  { limit, cursor }: PageRequest,
): Awaited<ReturnType<LedgerView['segments']>> {
  const numbers = segmentNumbers(folder)
  const end =
    cursor === undefined ? numbers.length : numbers.filter((number) => number < numberOf(cursor)).length
  const page = numbers.slice(Math.max(0, end - limit), end)
  const items = page.map((number) => {
    const { node, firstSequence } = headerOf(folder, number)
    const next = numbers.includes(number + 1) ? headerOf(folder, number + 1).firstSequence : undefined
    const { size, mtimeMs } = statSync(segmentPath(folder, number))
    const isClosed = next !== undefined
    return {
      node,
      number,
      first: firstSequence,
      records: isClosed ? next - firstSequence : 0,
      bytes: size,
      closed_at: isClosed ? Math.floor(mtimeMs) : null,
      root: null,
    }
  })
  const [first] = page
  return { items: items.reverse(), next: first !== undefined && first > 0 ? String(first) : null }
}

function headerOf(folder: string, number: number) {
  const reader = new SegmentReader(segmentPath(folder, number))
  reader.close()
  return reader.header
}

function numberOf(cursor: string): number {
  return Math.max(0, Math.trunc(Number(cursor)) || 0)
}
