import { z } from 'zod'

/** What `/api/v1/pool` tells, as far as it is read here. */
const answerSchema = z.object({
  version: z.string(),
  network: z.string().nullable(),
  ok: z.boolean(),
  started_at: z.number(),
  now: z.number(),
  miners: z.number(),
  channels: z.number(),
  hashrate: z.object({ ten_minutes: z.number(), day: z.number() }),
  shares: z.object({
    accepted: z.number(),
    refused: z.number(),
    best: z.number(),
    blocks: z.number(),
    last_share_at: z.number().nullable(),
  }),
  doors: z.array(z.string()),
})
export type RunningStatus = z.output<typeof answerSchema>

/** A running program is asked no longer than this, ms. */
const PATIENCE_MS = 5_000

/** What a running `sv2 up` or `sv2 farm` says of itself; undefined when nothing answers there. */
export async function runningStatus(url: string): Promise<RunningStatus | undefined> {
  let answer: Response
  try {
    answer = await fetch(`${url}/api/v1/pool`, { signal: AbortSignal.timeout(PATIENCE_MS) })
  } catch (error) {
    // what fetch says of a server that is not there
    if (error instanceof TypeError || (error as Error).name === 'TimeoutError') return undefined
    throw error
  }
  if (!answer.ok) return undefined
  return answerSchema.safeParse(await answer.json()).data
}

/** Where this program finds the pages of a configuration's `[monitoring]`. */
export function pagesUrl({ host, port }: { readonly host: string; readonly port: number }): string {
  const near = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  return `http://${near.includes(':') ? `[${near}]` : near}:${port}`
}
