import { z } from 'zod'

/** What a request was read to be. */
export interface Asked<Params, Query, Body = unknown> {
  readonly params: Params
  readonly query: Query
  readonly body: Body
}

/** One resource: how it is asked for, and what it answers. The OpenAPI document is made of it too. */
export interface Route<
  Params extends z.ZodObject = z.ZodObject,
  Query extends z.ZodObject = z.ZodObject,
  Body extends z.ZodObject = z.ZodObject,
> {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** With parameters as OpenAPI writes them: `/api/v1/miners/{id}`. */
  readonly path: string
  readonly summary: string
  /** It changes something without the token of the API: what it brings proves that it may. */
  readonly isOpen: boolean
  readonly params: Params
  readonly query: Query
  /** JSON that the request brings; without keys where it brings none. */
  readonly body: Body
  /** Shape of the answer. */
  readonly answer: z.ZodType
  /** The answer; undefined: there is no such thing, which is answered with 404. */
  handle(asked: Asked<z.output<Params>, z.output<Query>, z.output<Body>>): unknown
}

const none = z.strictObject({})

/** A resource that is read. */
export function resource<
  Params extends z.ZodObject = typeof none,
  Query extends z.ZodObject = typeof none,
  Body extends z.ZodObject = typeof none,
>(
  path: string,
  summary: string,
  parts: {
    readonly method?: 'GET' | 'POST' | 'DELETE'
    readonly isOpen?: boolean
    readonly params?: Params
    readonly query?: Query
    readonly body?: Body
    readonly answer: z.ZodType
    handle(asked: Asked<z.output<Params>, z.output<Query>, z.output<Body>>): unknown
  },
): Route {
  const { params = none, query = none, body = none, method = 'GET', isOpen = false, answer, handle } = parts
  return { method, path, summary, isOpen, params, query, body, answer, handle: handle as Route['handle'] }
}

/** Most items of a page. */
const MOST_ITEMS = 500

/** Keys by which a page is asked for. */
export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(MOST_ITEMS).default(100).describe('Items, at most'),
  cursor: z.string().max(256).optional().describe('`next` of the page before; the first page without it'),
}

/** The shape of a page. */
export function pageOf<Item extends z.ZodType>(
  item: Item,
): z.ZodObject<{ items: z.ZodArray<Item>; next: z.ZodNullable<z.ZodString> }> {
  return z.strictObject({
    items: z.array(item),
    next: z.string().nullable().describe('Cursor of the next page; null: this is the last one'),
  })
}

/** A page of what is sorted by number, smallest first. @param after the cursor: the number of the last item before */
export function pageByNumber<Item>(
  items: Iterable<Item>,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
  numberOf: (item: Item) => number,
): { readonly items: Item[]; readonly next: string | null } {
  const after = cursor === undefined ? Number.NEGATIVE_INFINITY : Number(cursor)
  const page: Item[] = []
  for (const item of items) {
    if (!(numberOf(item) > after)) continue
    if (page.length === limit) return { items: page, next: String(numberOf(page[limit - 1]!)) }
    page.push(item)
  }
  return { items: page, next: null }
}

/** Items of a part of a list; SRI's interface asks for so many. */
const MOST_OF_SRI = 1_000

/** How SRI's interface asks for a part of a list. */
export const offsetQuery = {
  offset: z.coerce
    .number()
    .int()
    .min(0)
    .max(Number.MAX_SAFE_INTEGER)
    .default(0)
    .describe('Items left out in front'),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(Number.MAX_SAFE_INTEGER)
    .default(25)
    .transform((limit) => Math.min(limit, MOST_OF_SRI))
    .describe(`Items; at most ${MOST_OF_SRI} are told`),
}

/** A part of a list. */
export function partOf<Item>(
  items: Iterable<Item>,
  { offset, limit }: { readonly offset: number; readonly limit: number },
): Item[] {
  const part: Item[] = []
  let place = 0
  for (const item of items) {
    if (place >= offset + limit) break
    if (place >= offset) part.push(item)
    place++
  }
  return part
}
