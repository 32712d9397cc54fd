import { z } from 'zod'
import { pageOf, pageQuery, type Route, resource } from '../api/route.ts'
import { segment } from '../api/shapes.ts'
import type { AuditClient } from './audit-client.ts'

/** Records of a page, at most. */
const MOST_RECORDS = 1_000

const whole = z.coerce.number().int().min(0).max(0xffff_ffff)
const number = z.strictObject({ number: whole.describe('Number of the segment') })
const hexText = z.string().regex(/^[0-9a-f]*$/)

/** What auditors read: the segments of the journal with their roots, its records as they stand there, and proofs. */
export function auditRoutes(audit: Pick<AuditClient, 'ask'> | undefined): Route[] {
  return [
    resource('/api/v1/audit/segments', 'Segments of the journal, the newest first', {
      query: z.strictObject(pageQuery),
      answer: pageOf(segment),
      handle: async ({ query: { limit, cursor } }) => {
        const before = cursor === undefined ? Number.POSITIVE_INFINITY : Math.trunc(Number(cursor)) || 0
        const told = await audit?.ask({ kind: 'segments', before, limit })
        if (told === undefined) return undefined
        const items = told.items.map(
          ({ node, number: n, firstSequence, records, bytes, closedAt, isKept, ...of }) => ({
            node,
            number: n,
            pool_id: of.poolId,
            first: firstSequence,
            records: records ?? 0,
            bytes,
            closed_at: closedAt ?? null,
            kept: isKept,
            root: of.root?.root ?? null,
            chained_root: of.root?.chainedRoot ?? null,
          }),
        )
        return { items, next: told.next === undefined ? null : String(told.next) }
      },
    }),
    resource('/api/v1/audit/segments/{number}/records', 'Records of a segment, as they stand there', {
      params: number,
      query: z.strictObject({
        from: whole.default(0).describe('Place of the first one in the segment'),
        limit: z.coerce
          .number()
          .int()
          .min(1)
          .max(MOST_RECORDS)
          .default(MOST_RECORDS)
          .describe('Records, at most'),
      }),
      answer: z.strictObject({
        frames: z.array(hexText).describe('Records with their frames (packages/journal)'),
        next: z.number().nullable().describe('Where the next page begins; null: this is the last one'),
      }),
      handle: async ({ params, query }) => {
        const told = await audit?.ask({ kind: 'records', number: params.number, ...query })
        return told && { frames: told.frames, next: told.next ?? null }
      },
    }),
    resource(
      '/api/v1/audit/segments/{number}/proof',
      'Proof that a record stands in a closed segment (RFC 6962 §2.1.1)',
      {
        params: number,
        query: z.strictObject({ index: whole.describe('Place of the record in the segment') }),
        answer: z.strictObject({
          size: z
            .number()
            .describe('Leaves of the segment; one has sixteen records, the last one may have fewer'),
          index: z.number().describe('Place of the leaf among them'),
          first: z.number().describe('Place of its first record in the segment'),
          leaf: hexText.describe('SHA-256 of a zero byte and the records with their frames'),
          proof: z.array(hexText).describe('Siblings from the leaf up to the root'),
          root: hexText,
        }),
        handle: ({ params, query }) =>
          audit?.ask({ kind: 'proof', number: params.number, index: query.index }),
      },
    ),
  ]
}
