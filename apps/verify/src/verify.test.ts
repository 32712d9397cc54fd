import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { addressToScript, concatBytes, hex } from '@sv2/bitcoin'
import type { BlockRecord, JournalRecord } from '@sv2/journal'
import { NodeRpcError } from '@sv2/runtime'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ALICE, aBusyPool, BOB, shown } from './_a-pool.ts'
import type { Finding } from './findings.ts'
import type { ToldSegment } from './pool-source.ts'
import * as verified from './verify.ts'

const pool = aBusyPool()
const { records } = pool
let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'verify-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const OPTIONS = { account: ALICE, sample: 1_000_000 }
const look = (source: ReturnType<typeof shown>, options: object = {}) =>
  verified.verify(source, { ...OPTIONS, ...options })
const brokenOf = (found: readonly Finding[]) =>
  found.filter(({ state }) => state === 'broken').map(({ text }) => text)
const firstLines = (found: readonly Finding[]) => brokenOf(found).map((text) => text.split('\n')[0])

/** The journal with one record of a kind changed. */
function changed<K extends JournalRecord['kind']>(
  kind: K,
  place: number,
  change: (record: Extract<JournalRecord, { kind: K }>) => JournalRecord,
): JournalRecord[] {
  const at = records.flatMap((record, n) => (record.kind === kind ? [n] : [])).at(place)!
  return records.map((record, n) => (n === at ? change(record as never) : record))
}

describe('an honest pool', () => {
  test('nothing is broken, and everything that was looked at is said', async () => {
    const found = await look(shown(records, { distribution: pool.distribution }))
    expect(brokenOf(found)).toEqual([])
    const said = found.map(({ text }) => text).join('\n')
    expect(said).toContain(`${records.length} records, without a gap`)
    expect(said).toMatch(/Each of 71 shares proves the work it is credited with/)
    expect(said).toMatch(/coinbases of \d+ jobs and 1 blocks pay what the journal says/)
    expect(said).toMatch(/Block 102 [0-9a-f]{64}: bcrt1qw508\w+ earned \d{9,} sat and was paid \d{9,} sat/)
  })

  test('a block is found by its height, and one that is not there is missed', async () => {
    const found = await look(shown(records), { block: '102' })
    expect(brokenOf(found)).toEqual([])
    expect(firstLines(await look(shown(records), { block: '99' }))).toEqual([
      'The block is not in the journal of the pool.',
    ])
  })

  test('segments that the pool no longer keeps are said, and what follows from them is not told', async () => {
    const shares = join(folder, 'removed.txt')
    writeFileSync(shares, pool.hashes.get(1)!.join('\n'))
    const found = await look(shown(records, { removed: 2 }), { shares })
    expect(brokenOf(found)).toEqual([])
    const said = found.map(({ text }) => text).join('\n')
    expect(said).toContain('no longer keeps the records of its first 2 segments')
    expect(said).toMatch(
      /Of 37 shares of .*removed.txt, 28 are not in the segments that the pool still keeps/,
    )
    expect(said).not.toMatch(/pay what the journal says|its balance is|earned/)
  })

  test('a root of a segment that is not kept cannot be changed, nor work in those that are', async () => {
    const segments = (honest: readonly ToldSegment[]) =>
      honest.map((segment) => (segment.number === 0 ? { ...segment, root: '00'.repeat(32) } : segment))
    const found = await look(shown(records, { removed: 2, segments }))
    expect(firstLines(found)).toContain(verified.BROKEN_CHAIN)
    const inflated = changed('share', -1, (share) => ({ ...share, work: share.work << 40n }))
    expect(firstLines(await look(shown(inflated, { removed: 2 })))).toEqual([verified.INFLATED])
  })

  test('the segments that were seen before are unchanged, however many came since', async () => {
    const state = join(folder, 'honest.json')
    await look(shown(records.slice(0, 60)), { state })
    const found = await look(shown(records), { state })
    expect(brokenOf(found)).toEqual([])
    expect(found.map(({ text }) => text)).toContain('The 2 segments that you saw before are unchanged.')
  })

  test('my own list of shares is all there', async () => {
    const shares = join(folder, 'mine.txt')
    writeFileSync(shares, `${pool.hashes.get(1)!.join('\n')}\n`)
    expect(brokenOf(await look(shown(records), { shares }))).toEqual([])
  })
})

describe('a pool that leaves shares out', () => {
  test('shares of my own list are missing', async () => {
    const shares = join(folder, 'mine.txt')
    writeFileSync(shares, pool.hashes.get(1)!.join('\n'))
    const at = records.findIndex((record) => record.kind === 'share' && record.account === 1)
    const found = await look(shown(records.toSpliced(at, 1)), { shares })
    expect(brokenOf(found)).toContain(
      `Shares of yours are missing in the journal: the pool has left them out.\n  ${pool.hashes.get(1)![0]}`,
    )
    // and those that are left do not make the coinbases that were mined
    expect(firstLines(found)).toContain(verified.WRONG_SPLIT)
  })

  test('a record that is cut out leaves a gap, and another root', async () => {
    const found = await look(shown(records, { frames: (of, n) => (n === 1 ? of.toSpliced(3, 1) : of) }))
    expect(firstLines(found)).toEqual([verified.GAP, verified.WRONG_SPLIT, verified.BROKEN_CHAIN])
  })

  test('a segment that is not shown is missed', async () => {
    const found = await look(shown(records, { segments: (of) => of.toSpliced(1, 1) }))
    expect(firstLines(found)).toContain(verified.GAP)
    expect(firstLines(found)).toContain(verified.BROKEN_CHAIN)
  })
})

describe('a pool that inflates work', () => {
  test.each([
    ['of one share', changed('share', 5, (share) => ({ ...share, work: share.work << 40n }))],
    [
      'by an easier network',
      changed('share', 5, (share) => ({ ...share, networkWork: share.networkWork / 100n })),
    ],
    [
      'by a header that was never mined',
      changed('share', 5, (share) => ({ ...share, header: share.header.with(76, share.header[76]! ^ 1) })),
    ],
  ])('%s', async (_, lie) => {
    expect(firstLines(await look(shown(lie), { sample: 0 }))).toContain(verified.INFLATED)
  })

  test('by crediting a share to two accounts', async () => {
    const share = records.find((record) => record.kind === 'share')!
    const lie = [...records, { ...share, account: 2 } as JournalRecord]
    expect(firstLines(await look(shown(lie), { sample: 0 }))).toEqual([verified.TWICE])
  })

  test('by work that paid somebody else', async () => {
    const lie = changed('share', 5, (share) => ({ ...share, extranonce: share.extranonce.with(0, 9) }))
    expect(firstLines(await look(shown(lie)))).toEqual([verified.UNPROVEN])
  })

  test('by work on a tip that it was not on', async () => {
    const lie = changed('tip', 1, (tip) => ({ ...tip, prevHash: tip.prevHash.with(0, 1) }))
    expect(firstLines(await look(shown(lie), { sample: 0 }))).toContain(verified.NO_TIP)
  })
})

describe('a pool that changes the split', () => {
  test('the coinbase of a block pays another part', async () => {
    // the first output is the pool's: 1 sat more for it, and 1 sat less for the largest miner
    const lie = changed('block', 0, (block) => {
      const coinbase = block.coinbase.slice()
      const outputs = coinbase.length - (coinbase.length - 4 - 1 - 36 - 1 - coinbase[41]! - 4 - 1)
      coinbase[outputs]! += 1
      const second = outputs + 8 + 1 + coinbase[outputs + 8]!
      coinbase[second]! -= 1
      return { ...block, coinbase }
    })
    const [text = ''] = brokenOf(await look(shown(lie)))
    expect(text).toMatch(
      /^The coinbase does not pay what the journal says it has to: the split was changed.\n {2}block 102: \w+ has to get \d+ sat, and gets \d+/,
    )
  })

  test('jobs pay by a distribution that does not follow from the shares', async () => {
    // bob is credited what alice has done
    const lie = records.map((record) =>
      record.kind === 'share' && record.account === 1 ? { ...record, account: 2 } : record,
    )
    expect(firstLines(await look(shown(lie)))).toEqual([verified.WRONG_SPLIT])
  })

  test('the distribution that it shows is not the one of the journal', async () => {
    const { distribution } = pool
    const [first, ...others] = distribution!.payouts
    const lie = { ...distribution!, payouts: [{ ...first!, weight: first!.weight + 1n }, ...others] }
    expect(firstLines(await look(shown(records, { distribution: lie })))).toEqual([verified.WRONG_SPLIT])
  })

  test('a block is booked that is not one', async () => {
    const share = records.find((record) => record.kind === 'share')!
    const lie = changed('block', 0, (block) => ({
      ...block,
      header: (share as { header: Uint8Array }).header,
    }))
    expect(firstLines(await look(shown(lie)))).toContain(verified.NO_BLOCK)
  })
})

describe('compared with my own node', () => {
  const block = records.find((record) => record.kind === 'block') as BlockRecord
  const nodeWith = (coinbase: Uint8Array) => ({
    url: '',
    call: async () => hex(concatBytes(block.header, Uint8Array.of(1), coinbase)),
  })

  test('a block that pays what is booked is whole', async () => {
    const found = await verified.verify(shown(records), OPTIONS, nodeWith(block.coinbase))
    expect(brokenOf(found)).toEqual([])
    expect(found.at(-1)?.text).toContain('1 blocks have the coinbase that the pool has booked')
  })

  test('a block that pays something else is told', async () => {
    const found = await verified.verify(shown(records), OPTIONS, nodeWith(block.coinbase.with(-1, 1)))
    expect(firstLines(found)).toEqual([verified.OTHER_COINBASE])
  })

  test('a block that the node does not know is noted', async () => {
    const node = {
      url: '',
      call: async () => {
        throw new NodeRpcError('Block not found', { code: -5, cause: undefined })
      },
    }
    const found = await verified.verify(shown(records), OPTIONS, node)
    expect(brokenOf(found)).toEqual([])
    expect(found.at(-1)?.text).toContain('does not know block')
  })
})

describe('a pool that rewrites a segment', () => {
  const lie = changed('share', 3, (share) => ({ ...share, account: 3 - share.account }))

  test('but keeps the roots', async () => {
    const honest = await shown(records).segments()
    expect(firstLines(await look(shown(lie, { segments: () => honest })))).toContain(verified.BROKEN_CHAIN)
  })

  test('and keeps the chained roots behind it', async () => {
    const honest = await shown(records).segments()
    const segments = () => shown(lie).segments()
    const mixed = (await segments()).map((segment, at) => (at === 0 ? segment : honest[at]!))
    expect(firstLines(await look(shown(lie, { segments: () => mixed })))).toContain(verified.BROKEN_CHAIN)
  })

  test('with all its roots: a miner who has seen them before finds out', async () => {
    const state = join(folder, 'rewritten.json')
    await look(shown(records), { state })
    const found = await look(shown(lie), { state })
    const [text = ''] = brokenOf(found)
    expect(text).toMatch(
      /^The pool has changed its journal: a segment is not what it was when you looked before.\n {2}segment 0 had the chained root [0-9a-f]{64}, and has [0-9a-f]{64}/,
    )
    // it goes on to tell, however often it is asked
    expect(firstLines(await look(shown(lie), { state }))).toContain(
      'The pool has changed its journal: a segment is not what it was when you looked before.',
    )
  })

  test('and puts the journal of another pool in its place', async () => {
    const state = join(folder, 'other.json')
    await look(shown(records), { state })
    const segments = (of: Awaited<ReturnType<ReturnType<typeof shown>['segments']>>) =>
      of.map((one) => ({ ...one, pool_id: '08'.repeat(16) }))
    expect(brokenOf(await look(shown(records, { segments }), { state }))[0]).toContain('another pool')
  })
})

describe('a solo door', () => {
  const withSolo = (paying: string) => {
    const made = aBusyPool()
    made.soloBlock(2, 103, addressToScript(paying, 'regtest'))
    return made.records
  }

  test('pays its miner, and other miners are paid as before', async () => {
    const found = await look(shown(withSolo(BOB)), { account: BOB })
    expect(brokenOf(found)).toEqual([])
    expect(found.map(({ text }) => text).join('\n')).toMatch(
      /Block 103 [0-9a-f]{64}: bcrt1qrp33\w+ earned 4950000000 sat and was paid 4950000000 sat of 5000000000 sat/,
    )
  })

  test('that pays another account than the one that mines is found out', async () => {
    const broken = brokenOf(await look(shown(withSolo(ALICE))))
    expect(broken.map((text) => text.split('\n')[0])).toEqual([verified.WRONG_SPLIT])
    expect(broken[0]).toMatch(/mines alone and has to get 4950000000 sat, and gets 0/)
  })
})

test('an address that a name is paid to without its signature is found out', async () => {
  const set = {
    kind: 'address',
    time: 1_800_000_000_000,
    name: 'carol',
    script: addressToScript(ALICE, 'regtest'),
    signedAt: 1_800_000_000_000,
    signatures: ['AkcwRAIg'],
  } as const
  const broken = brokenOf(await look(shown([...records, set])))
  expect(broken).toEqual([
    `${verified.UNSIGNED}\n  ${ALICE}: Pay account carol to ${ALICE}, signed at 1800000000000`,
  ])
})
