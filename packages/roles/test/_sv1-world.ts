import { sha256d } from '@sv2/bitcoin'
import type { Edition } from '@sv2/messages'
import type { Sv1FrontSettings } from '@sv2/roles/sv1-front'
import { V1ToV2 } from '@sv2/roles/translator'
import { seededRandom, WireLink } from '@sv2/sim'
import { workSettings } from './_aggregator.ts'
import { EASY_TARGET, NOW } from './_fixtures.ts'
import { Sv1Miner } from './_sv1-miner.ts'
import { Sv1Peer } from './_sv1-peer.ts'
import { TestMiner } from './_test-miner.ts'
import { TestUpstream, type UpstreamHabits } from './_test-upstream.ts'

type WorkOverrides = NonNullable<Parameters<typeof workSettings>[0]>

export interface TranslatorOverrides extends WorkOverrides {
  readonly front?: Partial<Omit<Sv1FrontSettings, 'limits' | 'minDifficulty'>> & {
    readonly minDifficulty?: number | undefined
    readonly limits?: Partial<Sv1FrontSettings['limits']>
  }
}

export const FRONT: Sv1FrontSettings = {
  doorDifficulty: [undefined, 4096],
  startDifficulty: 64,
  minDifficulty: undefined,
  versionRollingMask: 0x1fff_e000,
  payoutCheck: { identityIsAddress: 'auto', network: 'regtest' },
  separators: '.',
  probeMs: 0,
  resumeMs: 600_000,
  maxResumable: 1_000,
  limits: { maxWorkers: 8, maxSharesPerSecond: 500, maxRequestsPerSecond: 50 },
}

/** Settings of a translator, all but what matters left alone. */
export function translatorSettings({ front, ...work }: TranslatorOverrides = {}) {
  return {
    work: workSettings({
      eager: false,
      repeatMs: 60_000,
      ...work,
      miners: { sharesPerMinute: 6, difficultySteps: 1, startDifficulty: 64, vardiff: false, ...work.miners },
    }),
    front: { ...FRONT, ...front, limits: { ...FRONT.limits, ...front?.limits } },
  }
}

/** Shares of these tests are found by real hashing: about one hash in sixteen is one. */
export const EASY = { minDifficulty: 2 ** -28, startDifficulty: 2 ** -28 } as const

/** A translator on virtual time: pools above and V1 miners below are played by the test. */
export class TranslatorWorld {
  readonly link: WireLink<never>
  readonly role: V1ToV2

  constructor(overrides: TranslatorOverrides = {}) {
    const random = seededRandom(7)
    const randomBytes = (count: number) => Uint8Array.from({ length: count }, () => random() * 256)
    this.role = new V1ToV2(translatorSettings(overrides), { sha256d, randomBytes })
    this.link = new WireLink<never>(this.role as never, NOW)
    this.link.tell({ kind: 'tick' })
  }

  /** Connects an upstream. */
  upstream(edition: Edition, how: UpstreamHabits & { readonly upstream?: number } = {}): TestUpstream {
    return new TestUpstream(this.link, { edition, ...how })
  }

  /** A V1 connection that has said nothing. */
  peer(door = 0): Sv1Peer {
    const capabilities = {
      versionRollingMask: 0x1fff_e000,
      maxExtranonceSize: 8,
      takesGroupJobs: true,
      groupsExtendedChannels: true,
      extensions: false,
      jobDialogue: 'declare' as const,
    }
    const deliver = (event: unknown): void => this.link.deliver(event as never)
    return this.link.attach(
      { port: { kind: 'v1', index: door }, capabilities },
      (session) => new Sv1Peer(session, deliver),
    )
  }

  /** A V1 miner that has said nothing. */
  miner(user?: string, door = 0): Sv1Miner {
    return new Sv1Miner(this.peer(door), user)
  }

  /** A device of Stratum V2 on the same node. */
  device(edition: Edition): TestMiner {
    return new TestMiner(this.link, edition)
  }

  /** Facts of one kind since the last call of this or of `facts`. */
  factsOf(kind: string): readonly Record<string, unknown>[] {
    return this.facts().filter((fact) => fact.kind === kind)
  }

  facts(): readonly ({ readonly kind: string } & Record<string, unknown>)[] {
    return this.link.takeFacts()
  }
}

/** A translator with one upstream that gives work as soon as it is asked, and easy shares. */
export function aTranslator(
  edition: Edition,
  overrides: TranslatorOverrides = {},
  habits: UpstreamHabits = {},
): { readonly world: TranslatorWorld; readonly pool: TestUpstream } {
  const world = new TranslatorWorld({ eager: true, ...overrides, front: { ...EASY, ...overrides.front } })
  const pool = world.upstream(edition, { target: EASY_TARGET, ...habits })
  pool.tip(1, 10)
  world.facts()
  return { world, pool }
}
