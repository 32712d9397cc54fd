import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ExtranonceLeases, extranoncePrefix, leaseSize } from './extranonce.ts'

describe('prefixes', () => {
  const layout = { serverId: Uint8Array.of(0xab, 0xcd), leaseBytes: 3 }

  test('are server id and lease number, big-endian, then zeros', () => {
    expect(leaseSize(layout)).toBe(5)
    expect(extranoncePrefix(layout, 0x010203, 2)).toEqual(Uint8Array.of(0xab, 0xcd, 1, 2, 3, 0, 0))
  })

  test('differ for every lease, up to the largest', () => {
    const small = { serverId: new Uint8Array(0), leaseBytes: 1 }
    const seen = new Set(Array.from({ length: 256 }, (_, lease) => extranoncePrefix(small, lease).join()))
    expect(seen.size).toBe(256)
    const large = { serverId: new Uint8Array(0), leaseBytes: 4 }
    expect(extranoncePrefix(large, 0xffff_ffff)).toEqual(new Uint8Array(4).fill(0xff))
  })
})

describe('leases', () => {
  test('rest until every job that used them is dead', () => {
    const leases = new ExtranonceLeases(1)
    expect(leases.take(0)).toBe(0)
    expect(leases.has(0)).toBe(false)
    leases.release(0, 10)
    expect(leases.take(10)).toBeUndefined()
    expect(leases.has(11)).toBe(true)
    expect(leases.take(11)).toBe(0)
  })

  test('run out for one taker without disturbing another', () => {
    const leases = new ExtranonceLeases(2)
    expect([leases.take(0), leases.take(0), leases.take(0), leases.take(0)]).toEqual([
      0,
      1,
      undefined,
      undefined,
    ])
  })

  test('come back in any number without memory of the gone ones growing', () => {
    const leases = new ExtranonceLeases(4)
    for (let order = 0; order < 10_000; order++) {
      const lease = leases.take(order)
      expect(lease).toBeLessThan(4)
      leases.release(lease!, order)
    }
  })

  type Step = { readonly do: 'open' | 'close' | 'renew' | 'job' | 'tip'; readonly pick: number }
  const steps: fc.Arbitrary<Step[]> = fc.array(
    fc.record({
      do: fc.constantFrom<Step['do'][]>('open', 'open', 'open', 'close', 'renew', 'job', 'job', 'tip'),
      pick: fc.nat(1000),
    }),
    { maxLength: 300, size: 'max' },
  )

  test('no job is ever searched twice in one part of the space', () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 8 }), (script, capacity) => {
        const leases = new ExtranonceLeases(capacity)
        /** Who has used which lease on which living job. */
        const used = new Map<string, number>()
        const open = new Map<number, number>()
        let order = 0
        let channels = 0
        let live: number[] = []
        const use = (channel: number, lease: number): void => {
          for (const job of live) {
            const by = used.get(`${job}/${lease}`) ?? channel
            // a channel may come back to a lease of its own only as another channel would
            expect(by).toBe(channel)
            used.set(`${job}/${lease}`, channel)
          }
        }
        for (const step of script) {
          order++
          const channel = [...open.keys()][step.pick % Math.max(open.size, 1)]
          const oldest = live[0] ?? order
          if (step.do === 'job') live.push(order)
          else if (step.do === 'tip') live = [order]
          else if (step.do === 'open') {
            const lease = leases.take(oldest)
            if (lease !== undefined) open.set(channels++, lease)
          } else if (channel !== undefined) {
            const lease = open.get(channel)!
            const next = step.do === 'renew' ? leases.take(oldest) : undefined
            if (step.do === 'renew' && next === undefined) continue
            leases.release(lease, order)
            open.delete(channel)
            if (next !== undefined) open.set(channels++, next)
          }
          for (const [each, lease] of open) use(each, lease)
          expect(new Set(open.values()).size).toBe(open.size)
          expect(open.size).toBeLessThanOrEqual(capacity)
        }
      }),
      { numRuns: 300 },
    )
  })
})
