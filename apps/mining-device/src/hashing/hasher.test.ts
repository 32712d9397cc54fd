import { encodeHeader, meetsTarget, sha256d } from '@sv2/bitcoin'
import type { Work } from '@sv2/roles/device'
import { systemClock } from '@sv2/runtime'
import { afterEach, describe, expect, test } from 'vitest'
import { aWork } from './_fixtures.ts'
import { createHasher, type Hasher, type HasherSettings } from './hasher.ts'
import type { FoundShare } from './work-search.ts'

let hasher: Hasher | undefined
afterEach(() => hasher?.close())

/** A hasher, what it found so far, and a way to wait for more. */
function start(settings: HasherSettings) {
  const shares: FoundShare[] = []
  const hashed: number[] = []
  let look: () => void = () => {}
  hasher = createHasher(settings, {
    onShare: (share) => {
      shares.push(share)
      look()
    },
    onHashed: (hashes) => {
      hashed.push(hashes)
      look()
    },
  })
  const until = (seen: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      look = () => {
        if (seen()) resolve()
      }
      look()
    })
  return { hasher, shares, hashed, until }
}

function confirms(work: Work, { version, ntime, nonce }: FoundShare): boolean {
  const { prevHash, nbits, merkleRoot, target } = work
  return meetsTarget(sha256d(encodeHeader({ version, prevHash, merkleRoot, ntime, nbits, nonce })), target)
}

/** One hash of 16 is a share. */
const SIXTEENTH = new Uint8Array(32).fill(0xff).fill(0x0f, 31)

describe('createHasher', () => {
  test('threads find shares that the reference confirms, each in its own part of the nonces', async () => {
    const { hasher, shares, until } = start({ threads: 2 })
    const work = aWork({ target: SIXTEENTH, startedAt: systemClock.now() })
    hasher.work(work)
    const ofPart = (index: number): FoundShare[] =>
      shares.filter(({ nonce }) => Math.floor(nonce / 2 ** 31) === index)
    await until(() => ofPart(0).length >= 20 && ofPart(1).length >= 20)
    for (const share of shares.slice(0, 200)) {
      expect(share.workId).toBe(1)
      expect(confirms(work, share)).toBe(true)
    }
    const headers = shares.map(({ nonce, ntime }) => `${nonce}/${ntime}`)
    expect(new Set(headers).size).toBe(headers.length)
  })

  test('DEV-16 (current, draft): the header time is never ahead of the seconds since the job came', async () => {
    const { hasher, shares, until } = start({ threads: 1, hashrate: 200 })
    const startedAt = systemClock.now() - 5_000
    hasher.work(aWork({ startedAt }))
    await until(() => shares.length >= 3)
    const latest = 1_700_000_000 + Math.floor((systemClock.now() - startedAt) / 1000)
    for (const { ntime } of shares) {
      expect(ntime).toBeGreaterThanOrEqual(1_700_000_005)
      expect(ntime).toBeLessThanOrEqual(latest)
    }
  })

  test('new work replaces the old one while it is hashed', async () => {
    const { hasher, shares, until } = start({ threads: 1 })
    hasher.work(aWork({ target: new Uint8Array(32), startedAt: systemClock.now() }))
    hasher.work(aWork({ workId: 2, startedAt: systemClock.now() }))
    await until(() => shares.length > 0)
    expect(shares[0]!.workId).toBe(2)
  })

  test('the hashes done are reported, and a cap holds', async () => {
    const { hasher, hashed, until } = start({ threads: 1, hashrate: 50 })
    const began = performance.now()
    hasher.work(aWork({ target: new Uint8Array(32), startedAt: systemClock.now() }))
    const sum = (): number => hashed.reduce((all, each) => all + each, 0)
    await until(() => sum() >= 60)
    expect(sum()).toBeLessThanOrEqual(((performance.now() - began) / 1000) * 50 + 1)
  })

  test('after close nothing is observed', async () => {
    const { hasher, shares, until } = start({ threads: 1 })
    hasher.work(aWork({ startedAt: systemClock.now() }))
    await until(() => shares.length > 0)
    await hasher.close()
    const seen = shares.length
    await new Promise((resolve) => setImmediate(resolve))
    expect(shares).toHaveLength(seen)
  })

  test.each([
    { threads: 0 },
    { threads: 1.5 },
    { threads: 1, hashrate: 0 },
    { threads: 1, hashrate: Number.NaN },
  ])('refuses $threads threads with a cap of $hashrate', (settings) => {
    expect(() => createHasher(settings, { onShare() {}, onHashed() {} })).toThrow(RangeError)
  })
})
