import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { concatBytes, hex, unhex } from '@sv2/bitcoin'
import {
  chainRoot,
  encodeFrame,
  encodeSegmentHeader,
  leafHash,
  provesInclusion,
  readFrame,
  SegmentRootMaker,
} from '@sv2/journal'
import { segmentPath } from '@sv2/runtime/journal'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { testedApi } from '../api/_api-fixtures.ts'
import { AuditClient } from './audit-client.ts'

let folder = ''
let client: AuditClient
const error = vi.fn()
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'audit-'))
  error.mockReset()
})
afterEach(async () => {
  await client?.close()
  rmSync(folder, { recursive: true, force: true })
})

const frame = (sequence: number) =>
  encodeFrame({ sequence, record: { kind: 'worker', worker: sequence, name: `rig ${sequence}` } }).slice()

/** Writes a segment. @param torn bytes behind its records, which count for nothing */
function write(number: number, first: number, count: number, torn = 0): Uint8Array[] {
  const frames = Array.from({ length: count }, (_, at) => frame(first + at))
  const header = encodeSegmentHeader({
    poolId: new Uint8Array(16).fill(7),
    node: 3,
    number,
    firstSequence: first,
  })
  writeFileSync(segmentPath(folder, number), Buffer.concat([header, ...frames, Buffer.alloc(torn)]))
  return frames
}

function rootOf(frames: readonly Uint8Array[]): Uint8Array {
  const maker = new SegmentRootMaker()
  for (const bytes of frames) maker.take(bytes)
  return maker.root()
}

function start() {
  client = new AuditClient(folder, { error } as never)
  const { app } = testedApi({ audit: client })
  const get = async (path: string) => {
    const { statusCode, body } = await app.inject({ url: `/api/v1/audit/${path}` })
    return { status: statusCode, body: JSON.parse(body) }
  }
  return get
}

test('closed segments have a root and a chained root, the open one has none', async () => {
  const first = write(0, 0, 5, 9)
  const second = write(1, 5, 3)
  write(2, 8, 2)
  const get = start()
  await vi.waitFor(async () => expect((await get('segments')).body.items[1].root).not.toBeNull(), 30_000)
  const { body } = await get('segments')
  const chained = chainRoot(new Uint8Array(32), rootOf(first))
  expect(body.next).toBeNull()
  expect(body.items).toMatchObject([
    { number: 2, first: 8, records: 0, root: null, chained_root: null, closed_at: null },
    {
      number: 1,
      first: 5,
      records: 3,
      root: hex(rootOf(second)),
      chained_root: hex(chainRoot(chained, rootOf(second))),
    },
    { number: 0, node: 3, pool_id: '07'.repeat(16), records: 5, chained_root: hex(chained) },
  ])
  expect(readdirSync(folder).filter((name) => name.endsWith('.root'))).toEqual([
    '00000000.root',
    '00000001.root',
  ])
  const page = await get('segments?limit=1')
  expect([page.body.items.length, page.body.next]).toEqual([1, '2'])
  expect((await get('segments?limit=1&cursor=2')).body.items).toMatchObject([{ number: 1 }])
}, 60_000)

test('a segment has its root when it is closed', async () => {
  write(0, 0, 2)
  const get = start()
  expect((await get('segments')).body.items).toMatchObject([{ root: null }])
  write(1, 2, 1)
  client.grown({ segment: 1, offset: 0, sequence: 3 })
  await vi.waitFor(async () => expect((await get('segments')).body.items[1].root).not.toBeNull(), 30_000)
}, 60_000)

test('records come by pages, byte for byte, and those that do not count are left out', async () => {
  const frames = write(0, 0, 2_500, 30)
  write(1, 2_500, 1)
  const get = start()
  const told: string[] = []
  let from: number | null = 0
  while (from !== null) {
    const { body }: { body: { frames: string[]; next: number | null } } = await get(
      `segments/0/records?from=${from}`,
    )
    told.push(...body.frames)
    from = body.next
  }
  expect(told).toEqual(frames.map((bytes) => hex(bytes)))
  expect(readFrame(unhex(told[42]!), 0).sequence).toBe(42)
  const { body } = await get('segments/0/records?from=7&limit=2')
  expect(body).toEqual({ frames: told.slice(7, 9), next: 9 })
  expect((await get('segments/1/records')).body.frames.length).toBe(1)
}, 60_000)

test('each record of a closed segment is proven', async () => {
  const frames = write(0, 0, 40)
  write(1, 40, 1)
  const get = start()
  await vi.waitFor(async () => expect((await get('segments/0/proof?index=0')).status).toBe(200), 30_000)
  for (const record of frames.keys()) {
    const { body } = await get(`segments/0/proof?index=${record}`)
    const index = record >> 4
    const bytes = concatBytes(...frames.slice(16 * index, 16 * index + 16))
    const claim = { leaf: leafHash(bytes), index, size: 3 }
    expect(body).toMatchObject({ size: 3, index, first: 16 * index, leaf: hex(claim.leaf) })
    const proof = body.proof.map((node: string) => unhex(node))
    expect(provesInclusion(claim, proof, unhex(body.root))).toBe(true)
  }
}, 60_000)

test('a root over other leaves, of an older version, is computed anew', async () => {
  const frames = write(0, 0, 5)
  write(1, 5, 1)
  const old = { records: 5, root: '11'.repeat(32), chainedRoot: '22'.repeat(32) }
  writeFileSync(segmentPath(folder, 0).replace(/journal$/, 'root'), JSON.stringify(old))
  const get = start()
  const root = hex(rootOf(frames))
  await vi.waitFor(async () => expect((await get('segments')).body.items[1]).toMatchObject({ root }), 30_000)
}, 60_000)

test('what is not there is 404', async () => {
  write(0, 0, 7)
  write(1, 7, 1)
  const get = start()
  await vi.waitFor(async () => expect((await get('segments/0/proof?index=0')).status).toBe(200), 30_000)
  for (const path of ['segments/9/records', 'segments/1/proof?index=0', 'segments/0/proof?index=7'])
    expect((await get(path)).status).toBe(404)
}, 60_000)

test.each(['segments/0/records?limit=1001', 'segments/0/records?from=-1', 'segments/0/proof'])(
  'what makes no sense is 400: %s',
  async (path) => {
    write(0, 0, 1)
    expect((await start()(path)).status).toBe(400)
  },
  60_000,
)

test('a damaged segment is told of in a log line, and is a fault to read', async () => {
  write(0, 0, 3)
  const damaged = Buffer.concat([
    encodeSegmentHeader({ poolId: new Uint8Array(16), node: 3, number: 0, firstSequence: 0 }),
    frame(0),
    Buffer.alloc(40, 1),
  ])
  writeFileSync(segmentPath(folder, 0), damaged)
  write(1, 3, 1)
  const get = start()
  await vi.waitFor(() => expect(error).toHaveBeenCalled(), 30_000)
  expect((await get('segments/0/records')).status).toBe(500)
}, 60_000)
