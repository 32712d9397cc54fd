import { unhex } from '@sv2/bitcoin'

/** A segment, as the pool tells of it. Roots are hex; null while the segment is open. */
export interface ToldSegment {
  readonly number: number
  readonly node: number
  readonly pool_id: string
  /** Sequence of its first record. */
  readonly first: number
  readonly records: number
  /** false: the pool has removed its records, and tells its roots. */
  readonly kept: boolean
  readonly root: string | null
  readonly chained_root: string | null
}

/** Who is paid by the next coinbase, as the pool tells it. */
export interface ToldDistribution {
  readonly id: string
  readonly payouts: readonly { readonly script: string; readonly weight: string }[]
}

/** What a pool tells auditors. */
export interface PoolSource {
  /** Name of the network; null when the pool does not say. */
  network(): Promise<string | null>
  /** All of them, the oldest first. */
  segments(): Promise<readonly ToldSegment[]>
  /** Records of a segment with their frames, in order, by pages. */
  records(number: number): AsyncIterable<readonly Uint8Array[]>
  /** Undefined when there is none yet. */
  distribution(): Promise<ToldDistribution | undefined>
}

/** How often a pool that is busy is asked again, and how long after. */
const TRIES = 20
const BUSY_MS = 500

/** Reads what a pool tells over HTTP. @param url such as `http://pool.example:9090` */
export function httpSource(url: string): PoolSource {
  const base = url.replace(/\/+$/, '')
  const get = async <T>(path: string): Promise<T | undefined> => {
    for (let left = TRIES; ; left--) {
      const answer = await fetch(`${base}/api/v1/${path}`)
      if (answer.status === 404) return undefined
      if (answer.ok) return (await answer.json()) as T
      const isBusy = answer.status === 429 || answer.status === 503
      if (!isBusy || left === 0) throw new Error(`${base} answers ${path} with ${answer.status}`)
      await new Promise((resolve) => setTimeout(resolve, BUSY_MS))
    }
  }
  return {
    network: async () => (await get<{ readonly network: string | null }>('pool'))?.network ?? null,
    distribution: () => get<ToldDistribution>('distribution'),
    async segments() {
      const all: ToldSegment[] = []
      for (let cursor: string | null = ''; cursor !== null; ) {
        const from: string = cursor === '' ? '' : `&cursor=${cursor}`
        const page: { items: ToldSegment[]; next: string | null } | undefined = await get(
          `audit/segments?limit=500${from}`,
        )
        if (page === undefined) throw new Error(`${base} shows no journal`)
        all.push(...page.items)
        cursor = page.next
      }
      return all.reverse()
    },
    async *records(number) {
      for (let from: number | null = 0; from !== null; ) {
        const page: { frames: string[]; next: number | null } | undefined = await get(
          `audit/segments/${number}/records?from=${from}`,
        )
        if (page === undefined) throw new Error(`${base} does not show segment ${number}`)
        yield page.frames.map((frame) => unhex(frame))
        from = page.next
      }
    },
  }
}
