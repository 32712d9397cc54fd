import type { LedgerSettings } from '@sv2/roles/ledger'
import fc from 'fast-check'
import { HARDER_NBITS, History, NBITS } from './_history.ts'

/** Accounts of a random history. */
export const MINERS = 6
/** Accounts beside them that are known by a name. */
export const NAMES = 2

/** What happens to a pool: work, jobs, tips, retargets, blocks, orphans that come back, payments. */
export type Step =
  | { readonly kind: 'share'; readonly miner: number; readonly parts: number; readonly ofReward: number }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'job'; readonly value: bigint }
  | { readonly kind: 'tip'; readonly isHarder: boolean }
  | {
      readonly kind: 'block'
      readonly finder: number
      readonly jobsAgo: number
      readonly source: 'share' | 'chain'
    }
  | { readonly kind: 'address'; readonly name: number; readonly miner: number; readonly signedAt: number }
  | { readonly kind: 'payment'; readonly number: number; readonly miner: number; readonly value: bigint }
  | { readonly kind: 'soloShare'; readonly miner: number; readonly parts: number }
  | { readonly kind: 'soloBlock'; readonly finder: number; readonly source: 'share' | 'chain' }
  | { readonly kind: 'chain'; readonly block: number; readonly confirmations: number }

const miner = fc.integer({ min: 1, max: MINERS + NAMES })
/** One that is known by its address, as each behind a solo door is. */
const addressed = fc.integer({ min: 1, max: MINERS })
/** Any of them. */
export const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('share' as const),
      miner,
      parts: fc.integer({ min: 1, max: 3000 }),
      ofReward: fc.integer({ min: 0, max: 100 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      // a clock may jump back
      ms: fc.oneof(
        fc.nat({ max: 100_000 }),
        fc.nat({ max: 400_000_000 }),
        fc.integer({ min: -7_200_000, max: -1 }),
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('job' as const),
      value: fc.bigInt({ min: 1n, max: 10n ** 10n }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('tip' as const), isHarder: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('block' as const),
      finder: fc.integer({ min: 0, max: MINERS }),
      jobsAgo: fc.nat({ max: 4 }),
      source: fc.constantFrom('share' as const, 'chain' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('address' as const),
      name: fc.integer({ min: 1, max: NAMES }),
      // of a miner that mines here, and of one that does not
      miner: fc.integer({ min: 1, max: MINERS + 4 }),
      signedAt: fc.nat({ max: 9 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('payment' as const),
      // a transaction may be recorded again
      number: fc.nat({ max: 5 }),
      miner,
      value: fc.bigInt({ min: 0n, max: 10_000_000n }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('soloShare' as const),
      miner: addressed,
      parts: fc.integer({ min: 1, max: 3000 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('soloBlock' as const),
      finder: addressed,
      source: fc.constantFrom('share' as const, 'chain' as const),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('chain' as const),
      block: fc.nat(),
      confirmations: fc.integer({ min: 0, max: 8 }),
    }),
  },
)
/** The journal of a pool to which this happens, and the ledger that read it. */
export function play(steps: readonly Step[], settings: Partial<LedgerSettings>): History {
  const history = new History(settings).start(MINERS)
  for (let name = 1; name <= NAMES; name++) {
    const account = { kind: 'account', account: MINERS + name, name: `name-${name}` } as const
    history.write({ ...account, script: new Uint8Array(0) })
  }
  const blocks: Uint8Array[] = []
  const jobs: number[] = []
  for (const step of steps) {
    history.after(1)
    switch (step.kind) {
      case 'share':
        history.share(step.miner, step.parts, { toPool: (history.value * BigInt(step.ofReward)) / 100n })
        break
      case 'wait':
        history.after(step.ms)
        break
      case 'job':
        history.value = step.value
        jobs.unshift(history.job())
        break
      case 'address':
        history.address(`name-${step.name}`, step.miner, step.signedAt)
        break
      case 'payment':
        history.payment(step.number, step.miner, step.value)
        break
      case 'soloShare':
        history.soloShare(step.miner, step.parts)
        break
      case 'soloBlock':
        blocks.push(history.soloBlock(step.finder, step.source, settings.feePpm))
        break
      case 'tip':
        history.nbits = step.isHarder ? HARDER_NBITS : NBITS
        history.tip()
        break
      case 'block':
        blocks.push(history.block(step.finder, jobs[step.jobsAgo] ?? jobs[0], step.source))
        break
      default:
        if (blocks.length > 0) history.chain(blocks[step.block % blocks.length]!, step.confirmations)
    }
  }
  return history
}
