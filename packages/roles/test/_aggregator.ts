import { sha256d } from '@sv2/bitcoin'
import type { Edition } from '@sv2/messages'
import { Aggregator } from '@sv2/roles/aggregator'
import type { UpstreamWorkSettings } from '@sv2/roles/work'
import { WireLink } from '@sv2/sim'
import { IDENTIFICATION, MINERS, NOW } from './_fixtures.ts'
import { TestMiner } from './_test-miner.ts'
import { TestUpstream, type UpstreamHabits } from './_test-upstream.ts'

type Overrides = Partial<Omit<UpstreamWorkSettings, 'miners' | 'upstreams'>> & {
  readonly miners?: Partial<UpstreamWorkSettings['miners']>
  /** Shares of the upstreams; one upstream without a share when missing. */
  readonly upstreams?: readonly UpstreamOverrides[]
}

interface UpstreamOverrides {
  readonly share?: number
  readonly identity?: string
  readonly extensions?: readonly number[]
}

/** Settings of a node that works for upstreams, all but what matters left alone. */
export function workSettings(overrides: Overrides = {}): UpstreamWorkSettings {
  const { miners, upstreams = [{}], ...rest } = overrides
  return {
    miners: { ...MINERS, extranonce: { serverId: new Uint8Array(0), leaseBytes: 2 }, ...miners },
    upstreams: upstreams.map(({ share, identity = 'farm', extensions = [] }, place) => ({
      name: `pool ${place}`,
      identification: IDENTIFICATION,
      endpoint: { host: `pool${place}.test`, port: 3333 },
      flags: 0,
      extensions,
      identity,
      share,
    })),
    trustAfterMs: 30_000,
    aggregated: true,
    verifyPayout: undefined,
    onlyPaidShares: false,
    rolled: { most: 8, least: 4 },
    eager: true,
    whenGone: 'stop',
    stopAfterMs: 30_000,
    repeatMs: 0,
    ...rest,
  }
}

/** An aggregating proxy on virtual time: pools above and miners below are played by the test. */
export class AggregatorWorld {
  readonly link: WireLink<never>
  readonly proxy: Aggregator

  constructor(overrides: Overrides = {}) {
    this.proxy = new Aggregator(workSettings(overrides), { sha256d })
    this.link = new WireLink<never>(this.proxy as never, NOW)
    this.link.tell({ kind: 'tick' })
  }

  /** Connects an upstream. */
  upstream(edition: Edition, how: UpstreamHabits & { readonly upstream?: number } = {}): TestUpstream {
    return new TestUpstream(this.link, { edition, ...how })
  }

  /** Connects a miner. */
  miner(edition: Edition, flags = 0): TestMiner {
    return new TestMiner(this.link, edition, flags)
  }

  /** Facts of one kind since the last call of this or of `facts`. */
  factsOf(kind: string): readonly Record<string, unknown>[] {
    return this.facts().filter((fact) => fact.kind === kind)
  }

  facts(): readonly ({ readonly kind: string } & Record<string, unknown>)[] {
    return this.link.takeFacts()
  }
}
