import type { Edition } from '@sv2/messages'
import { aPool } from './_fixtures.ts'
import { TestMiner } from './_test-miner.ts'

/** Codes of the refusals that have arrived. */
export function codes(miner: TestMiner): string[] {
  return miner.takeOf('SubmitShares.Error').map(({ errorCode }) => errorCode)
}

export function aMiner(edition: Edition, kind: 'standard' | 'extended' = 'extended') {
  const world = aPool(edition)
  const miner = new TestMiner(world.link, edition)
  return { ...world, miner, channel: miner.open(kind) }
}
