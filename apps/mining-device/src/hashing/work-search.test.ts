import { encodeHeader, meetsTarget, sha256d } from '@sv2/bitcoin'
import { rootOf, type Work } from '@sv2/roles/device'
import { describe, expect, test } from 'vitest'
import { aWork } from './_fixtures.ts'
import { type FoundShare, type NoncePart, WorkSearch } from './work-search.ts'

/** Everything a search finds in one second of the clock, until it stands still. */
function allAt(search: WorkSearch, elapsedSeconds: number): FoundShare[] {
  const shares: FoundShare[] = []
  for (;;) {
    const { share, hashes } = search.search(1000, elapsedSeconds)
    if (share !== undefined) shares.push(share)
    if (hashes === 0) return shares
  }
}

const headerName = (share: FoundShare): string =>
  [share.version, share.ntime, share.nonce, share.extranonce.join('.')].join('/')

function hashOf(work: Work, share: FoundShare): Uint8Array {
  const { prevHash, nbits } = work
  const merkleRoot = work.extranonceSize === 0 ? work.merkleRoot : rootOf(work, share.extranonce, sha256d)
  const { version, ntime, nonce } = share
  return sha256d(encodeHeader({ version, prevHash, merkleRoot, ntime, nbits, nonce }))
}

describe('WorkSearch', () => {
  test('finds exactly the headers the reference confirms, over nonces, versions and extranonces', () => {
    const target = new Uint8Array(32).fill(0xff)
    target[31] = 0x0f
    const work = aWork({ target, versionMask: 0x0000_6000, extranonceSize: 1 })
    const everything = aWork({ ...work, target: new Uint8Array(32).fill(0xff) })
    const part: NoncePart = { index: 0, count: 1, nonces: 5 }
    const found = allAt(new WorkSearch(work, part), 0)
    const all = allAt(new WorkSearch(everything, part), 0)
    expect(all).toHaveLength(5 * 4 * 256)
    const expected = all.filter((share) => meetsTarget(hashOf(work, share), target))
    expect(found.map(headerName)).toEqual(expected.map(headerName))
    expect(found.length).toBeGreaterThan(0)
  })

  test('parts do not overlap and leave nothing out', () => {
    const work = aWork({ versionMask: 0x0000_2000 })
    const headers = [0, 1, 2].flatMap((index) =>
      allAt(new WorkSearch(work, { index, count: 3, nonces: 100 }), 0).map(headerName),
    )
    expect(headers).toHaveLength(200)
    expect(new Set(headers).size).toBe(200)
  })

  test('the parts of all nonces begin and end where they should', () => {
    const firsts = [0, 1, 2].map((index) => new WorkSearch(aWork(), { index, count: 3 }).search(1, 0).share!)
    expect(firsts.map(({ nonce }) => nonce)).toEqual([0, 1_431_655_765, 2_863_311_530])
  })

  test('DEV-13, DEV-14 (current, draft): without a version mask the version is used as given', () => {
    const work = aWork({ version: 0x2abc_e004, extranonceSize: 1 })
    const shares = allAt(new WorkSearch(work, { index: 0, count: 1, nonces: 1 }), 0)
    expect(shares).toHaveLength(256)
    expect(new Set(shares.map(({ version }) => version))).toEqual(new Set([0x2abc_e004]))
  })

  test('DEV-11 (current, draft): a standard job rolls nonce, version inside the mask and time, nothing else', () => {
    const work = aWork({ version: 0x3fff_e004, versionMask: 0x1fff_e000 })
    const search = new WorkSearch(work, { index: 0, count: 1, nonces: 1 })
    const versions = new Set<number>()
    for (let i = 0; i < 500; i++) {
      const { share } = search.search(1, 0)
      versions.add(share!.version)
      expect(share!.extranonce).toHaveLength(0)
      expect((share!.version & ~work.versionMask) >>> 0).toBe(0x2000_0004)
    }
    expect(versions.size).toBe(500)
  })

  test('DEV-17 (current, draft): the extranonce has exactly the negotiated size', () => {
    const search = new WorkSearch(aWork({ extranonceSize: 6 }), { index: 0, count: 1, nonces: 1 })
    const extranonces = [1, 2, 3].map(() => search.search(1, 0).share!.extranonce)
    expect(extranonces.map((bytes) => [...bytes])).toEqual([
      [0, 0, 0, 0, 0, 0],
      [0, 0, 0, 0, 0, 1],
      [0, 0, 0, 0, 0, 2],
    ])
  })

  test.each([
    { elapsed: 0, ahead: 0 },
    { elapsed: 0.999, ahead: 0 },
    { elapsed: 1, ahead: 1 },
    { elapsed: 61.5, ahead: 61 },
    { elapsed: -3, ahead: 0 },
  ])('DEV-15, DEV-16 (current, draft): $elapsed s after the job the time is $ahead s further', (row) => {
    const { share } = new WorkSearch(aWork(), { index: 0, count: 1 }).search(1, row.elapsed)
    expect(share!.ntime).toBe(1_700_000_000 + row.ahead)
  })

  test('what is used up starts again with the next second, and no header comes twice', () => {
    const search = new WorkSearch(aWork(), { index: 0, count: 1, nonces: 10 })
    const now = search.search(4, 0).share!
    const first = [now, ...allAt(search, 3.2)]
    expect(first).toHaveLength(10)
    expect(search.search(1, 3.9)).toEqual({ hashes: 0, share: undefined })
    const second = allAt(search, 4)
    expect(second).toHaveLength(10)
    expect(new Set([...first, ...second].map(headerName)).size).toBe(20)
  })

  test('a search that finds nothing has done what it was asked to', () => {
    const search = new WorkSearch(aWork({ target: new Uint8Array(32), versionMask: 0x6000 }), {
      index: 1,
      count: 2,
      nonces: 10,
    })
    expect(search.search(13, 0)).toEqual({ hashes: 13, share: undefined })
    expect(search.search(100, 0)).toEqual({ hashes: 7, share: undefined })
  })
})
