import { current } from '@sv2/messages/current'
import { draft } from '@sv2/messages/draft'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { filled } from '../_fixtures.ts'
import type { TestChannel, TestMiner } from '../_test-miner.ts'
import { ScriptedPool, TranslatorWorld } from '../_v1-pool.ts'

/** What may happen between a translator, two devices and two pools. */
const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('share' as const), miner: fc.nat(1) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('job' as const), clean: fc.boolean() }) },
  fc.record({ kind: fc.constant('extranonce' as const) }),
  fc.record({ kind: fc.constant('drop' as const), pool: fc.nat(1) }),
  fc.record({ kind: fc.constant('connect' as const) }),
  fc.record({ kind: fc.constant('silence' as const), isSilent: fc.boolean() }),
  fc.record({ kind: fc.constant('time' as const), seconds: fc.nat(40) }),
)

interface Seat {
  readonly miner: TestMiner
  readonly channel: TestChannel
  found: number
}

function share({ miner, channel }: Seat): void {
  miner.take()
  const prefixed = miner.log.findLast((message) => message.type === 'SetTarget')
  if (prefixed?.type === 'SetTarget') channel.target = prefixed.maximumTarget
  miner.peer.send(miner.find(channel))
}

/** How many shares of a miner were acknowledged, and how many refused. */
function answered({ miner }: Seat): { readonly acknowledged: number; readonly refused: number } {
  miner.take()
  let acknowledged = 0
  let refused = 0
  for (const message of miner.log) {
    if (message.type === 'SubmitShares.Success') acknowledged += message.newSubmitsAcceptedCount
    if (message.type === 'SubmitShares.Error') refused++
  }
  return { acknowledged, refused }
}

test('whatever pools do, each share is answered once, and none acknowledged that no pool took', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const pools = [new ScriptedPool(), new ScriptedPool()]
      const world = new TranslatorWorld(pools, { returnAfterMs: 5_000 })
      const seats = [current, draft].map((edition, place): Seat => {
        const miner = world.miner(edition)
        return { miner, channel: miner.open(place === 0 ? 'extended' : 'standard'), found: 0 }
      })
      let jobs = 0
      for (const each of steps) {
        switch (each.kind) {
          case 'share': {
            const seat = seats[each.miner]!
            seat.found++
            share(seat)
            break
          }
          case 'job':
            jobs++
            for (const pool of pools)
              pool.notify({
                jobId: `n${jobs}`,
                cleanJobs: each.clean,
                coinbase1: filled(jobs & 0xff, 41),
              })
            break
          case 'extranonce':
            for (const pool of pools) {
              jobs++
              pool.extranonce1 = Uint8Array.of(0xe2, 0, jobs >> 8, jobs & 0xff)
              const { extranonce1, extranonce2Size } = pool
              for (const line of pool.lines)
                if (line.closed === undefined)
                  line.say({ type: 'mining.set_extranonce', extranonce1, extranonce2Size })
            }
            break
          case 'drop': {
            const line = pools[each.pool]!.lines.at(-1)
            if (line?.closed === undefined && line !== undefined) world.drop(line)
            break
          }
          case 'connect':
            world.connectPools()
            break
          case 'silence':
            for (const pool of pools) pool.verdict = each.isSilent ? undefined : 'judged'
            break
          case 'time':
            world.advance(each.seconds * 1_000)
        }
      }
      world.advance(40_000)
      const took = pools.flatMap(({ submits }) => submits)
      for (const seat of seats) {
        const { acknowledged, refused } = answered(seat)
        expect(acknowledged + refused).toBe(seat.found)
        expect(seat.miner.peer.closed).toBeUndefined()
      }
      const acknowledged = seats.reduce((sum, seat) => sum + answered(seat).acknowledged, 0)
      const good = took.filter(({ verdict }) => verdict === true).length
      expect(acknowledged).toBeLessThanOrEqual(good)
      expect(took.filter(({ verdict }) => verdict === 22 || verdict === 23)).toEqual([])
    }),
    { numRuns: 200 },
  )
})
