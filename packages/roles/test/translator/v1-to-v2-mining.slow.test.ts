import { expect, test } from 'vitest'
import { mixedKinds } from '../_sv1-kinds.ts'
import { throughFailovers } from '../_sv1-mining.ts'

test.each([1, 2])('10,000 V1 miners of mixed dialects, the upstream failing over (seed %i)', (seed) => {
  const start = performance.now()
  const { told, miners } = throughFailovers(seed, mixedKinds(10_000))
  const ms = performance.now() - start
  expect(miners.filter(({ closed }) => closed !== undefined)).toEqual([])
  for (const { found, accepted, rejected, stale } of miners) expect(accepted + rejected + stale).toBe(found)
  const found = miners.reduce((sum, miner) => sum + miner.found, 0)
  const stale = miners.reduce((sum, miner) => sum + miner.stale, 0)
  const rejected = miners.reduce((sum, miner) => sum + miner.rejected, 0)
  expect(miners.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(told.accepted)
  expect(stale + rejected).toBe(told.refused)
  expect(told.sent).toBe(told.acknowledged + told.refusedAbove + told.unanswered)
  expect(told.refusedAbove).toBe(0)
  process.stdout.write(
    `10,000 V1 miners: ${found} shares, ${stale} stale, ${rejected} rejected, ${told.sent} sent up, ` +
      `${told.unanswered} unanswered there, ${told.failovers} changes of upstream; ${Math.round(ms)} ms\n`,
  )
})
