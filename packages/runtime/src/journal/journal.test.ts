import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { JournalRecord, ShareRecord } from '@sv2/journal'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { TroubledDisk } from './_disk.ts'
import { openJournalFolder } from './journal-folder.ts'
import { JournalTail } from './journal-tail.ts'
import { type JournalPosition, JournalWriter } from './journal-writer.ts'
import { segmentPath } from './segment-files.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'journal-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const newId = () => new Uint8Array(16).fill(7)

function share(n: number): ShareRecord {
  return {
    kind: 'share',
    time: n,
    job: 1,
    account: 1,
    worker: 1,
    work: BigInt(n),
    networkWork: 1000n,
    rewardToPool: 0n,
    rewardTotal: 0n,
    distributionId: 0n,
    header: new Uint8Array(80).fill(n),
    extranonce: new Uint8Array(8),
  }
}

/** A journal, and what it told. */
class Journal {
  readonly writer: JournalWriter
  readonly told: string[] = []
  position: JournalPosition | undefined
  #next: { readonly is: (line: string) => boolean; readonly resolve: () => void } | undefined

  constructor(disk = new TroubledDisk(), change: { segmentBytes?: number; node?: number } = {}) {
    const { segmentBytes = 1_000_000, node = 0 } = change
    const settings = {
      folder,
      node,
      flushMs: 1,
      maxBytes: 100_000,
      segmentBytes,
      segmentMs: 600_000,
      retryMs: 5,
    }
    const opened = openJournalFolder(folder, node, newId)
    this.writer = new JournalWriter(
      settings,
      opened,
      {
        flushed: (position, shares) => {
          this.position = position
          this.#tell(`flushed ${shares}`)
        },
        failed: (error, shares) => this.#tell(`failed ${shares}: ${error.message}`),
        recovered: () => this.#tell('recovered'),
      },
      disk,
    )
  }

  async until(is: (line: string) => boolean): Promise<void> {
    if (this.told.some(is)) return
    await new Promise<void>((resolve) => {
      this.#next = { is, resolve }
    })
  }

  async write(...records: JournalRecord[]): Promise<void> {
    const before = this.told.length
    for (const record of records) this.writer.append(record)
    await this.until((line) => this.told.indexOf(line, before) >= before && line.startsWith('flushed'))
  }

  #tell(line: string): void {
    this.told.push(line)
    if (this.#next?.is(line) === true) this.#next.resolve()
  }
}

function stored(until?: JournalPosition): readonly JournalRecord[] {
  const tail = new JournalTail(folder)
  const records = [...tail.read(until)].map(({ record }) => record)
  tail.close()
  return records
}

describe('a journal', () => {
  test('holds what it was given, in its order, over restarts and segments', async () => {
    const given: JournalRecord[] = []
    for (let run = 0; run < 3; run++) {
      const journal = new Journal(undefined, { segmentBytes: 500 })
      for (let n = 0; n < 5; n++) {
        const records = [share(10 * run + n), { kind: 'worker', worker: 1, name: `w${n}` } as const]
        given.push(...records)
        await journal.write(...records)
      }
      await journal.writer.close()
    }
    expect(stored()).toEqual(given)
    expect(existsSync(segmentPath(folder, 5))).toBe(true)
  })

  test('flushes what is left when it is closed', async () => {
    const journal = new Journal()
    for (let n = 0; n < 3; n++) journal.writer.append(share(n))
    await journal.writer.close()
    expect(journal.told).toEqual(['flushed 3'])
    expect(stored()).toEqual([share(0), share(1), share(2)])
  })

  test('tells of a share when it is safe from a loss of power, and not before', async () => {
    const disk = new TroubledDisk()
    const journal = new Journal(disk)
    await journal.write(share(1))
    let go = () => {}
    disk.hold = new Promise((resolve) => {
      go = resolve
    })
    const flushing = disk.asked()
    journal.writer.append(share(2))
    await flushing
    journal.writer.append(share(3))
    expect(journal.told).toEqual(['flushed 1'])
    // the power fails now: everything behind the last flush is gone
    const [file] = disk.safe.values()
    const whole = readFileSync(file!.path)
    truncateSync(file!.path, file!.size)
    expect(stored()).toEqual([share(1)])
    writeFileSync(file!.path, whole)
    go()
    disk.hold = undefined
    await journal.writer.close()
    expect(stored()).toEqual([share(1), share(2), share(3)])
  })

  test('whose last record is cut at any byte is continued behind the one before, and what was cut is kept', async () => {
    const journal = new Journal()
    await journal.write(share(1), share(2))
    await journal.writer.close()
    const path = segmentPath(folder, 0)
    const whole = readFileSync(path)
    for (let cut = whole.length - 206; cut < whole.length; cut++) {
      writeFileSync(path, whole.subarray(0, cut))
      const opened = openJournalFolder(folder, 0, newId)
      expect(opened.nextSequence).toBe(1)
      expect(opened.torn?.bytes).toBe(cut === whole.length - 206 ? undefined : cut - (whole.length - 206))
      expect(readFileSync(path).length).toBe(whole.length - 206)
      if (opened.torn !== undefined) expect(readFileSync(opened.torn.file).length).toBe(opened.torn.bytes)
    }
    expect(openJournalFolder(folder, 0, newId)).toMatchObject({
      nextSegment: 1,
      nextSequence: 1,
      torn: undefined,
    })
  })

  test('that ends in bytes that are not a record is cut off there', async () => {
    const journal = new Journal()
    await journal.write(share(1))
    await journal.writer.close()
    appendFileSync(segmentPath(folder, 0), new Uint8Array(5000).fill(0xee))
    expect(openJournalFolder(folder, 0, newId)).toMatchObject({ nextSequence: 1, torn: { bytes: 5000 } })
    appendFileSync(segmentPath(folder, 1), new Uint8Array(10))
    // a reader that looks before the pool starts again does not meet it either
    expect([...new JournalTail(folder).read()].length).toBe(1)
    expect(openJournalFolder(folder, 0, newId)).toMatchObject({ nextSegment: 1, nextSequence: 1 })
    expect([...new JournalTail(folder).read()].length).toBe(1)
  })

  test('of another pool, another node, or another version is not continued, and says what to do', async () => {
    const journal = new Journal()
    await journal.write(share(1))
    await journal.writer.close()
    expect(() => openJournalFolder(folder, 5, newId)).toThrow(/server_id 0, and this one has 5/)
    const id = join(folder, 'pool.id')
    writeFileSync(id, 'ab'.repeat(16))
    expect(() => openJournalFolder(folder, 0, newId)).toThrow(/of another pool/)
    writeFileSync(id, 'no id')
    expect(() => openJournalFolder(folder, 0, newId)).toThrow(/not the id of a pool/)
    rmSync(id)
    expect(() => openJournalFolder(folder, 0, newId)).toThrow(/put it back from a backup/)
    const path = segmentPath(folder, 0)
    const bytes = readFileSync(path)
    bytes[8] = 9
    writeFileSync(path, bytes)
    writeFileSync(id, '07'.repeat(16))
    expect(() => openJournalFolder(folder, 0, newId)).toThrow(
      /format 9, and this program reads 1 and 2; use the program/,
    )
  })
})

describe('a disk that refuses', () => {
  test.each(['write', 'datasync', 'create'] as const)(
    'to %s: shares are given up, the rest is written when there is room again',
    async (step) => {
      const disk = new TroubledDisk()
      const journal = new Journal(disk)
      if (step !== 'create') await journal.write(share(1))
      disk.refuses.add(step)
      journal.writer.append(share(2))
      journal.writer.append({ kind: 'worker', worker: 2, name: 'kept' })
      await journal.until((line) => line.startsWith('failed'))
      expect(journal.writer.isFailing).toBe(true)
      journal.writer.append({ kind: 'worker', worker: 3, name: 'kept too' })
      disk.refuses.clear()
      await journal.until((line) => line === 'recovered')
      await journal.write(share(4))
      await journal.writer.close()
      const before = step === 'create' ? [] : [share(1)]
      const kept = [
        { kind: 'worker', worker: 2, name: 'kept' },
        { kind: 'worker', worker: 3, name: 'kept too' },
      ]
      expect(stored()).toEqual([...before, ...kept, share(4)])
      expect(journal.told).toEqual([
        ...(step === 'create' ? [] : ['flushed 1']),
        'failed 1: ENOSPC: no space left on device',
        'recovered',
        'flushed 0',
        'flushed 1',
      ])
      expect(openJournalFolder(folder, 0, newId).nextSequence).toBe(before.length + 3)
    },
  )

  test('even to cut off what it half wrote: the next segment says where the one before ends', async () => {
    const disk = new TroubledDisk()
    const journal = new Journal(disk)
    await journal.write(share(1))
    disk.refuses.add('datasync')
    disk.refuses.add('truncate')
    journal.writer.append(share(2))
    await journal.until((line) => line.startsWith('failed'))
    disk.refuses.clear()
    await journal.until((line) => line === 'recovered')
    await journal.write(share(3))
    await journal.writer.close()
    expect(stored()).toEqual([share(1), share(3)])
  })
})

describe('a tail', () => {
  test('reads on while the journal is written, and no further than is safe', async () => {
    const journal = new Journal(undefined, { segmentBytes: 300 })
    const ended: number[] = []
    const tail = new JournalTail(folder, { segmentEnded: (number) => ended.push(number) })
    const read = () => [...tail.read(journal.position)].map(({ record }) => record)
    expect(read()).toEqual([])
    await journal.write(share(1), share(2))
    expect(read()).toEqual([share(1), share(2)])
    expect(read()).toEqual([])
    await journal.write(share(3))
    expect([...tail.read({ segment: 0, offset: 0, sequence: 2 })]).toEqual([])
    expect(read()).toEqual([share(3)])
    expect(ended).toEqual([0])
    await journal.writer.close()
    tail.close()
  })

  test('stops where the journal is damaged in front of its end', async () => {
    const journal = new Journal(undefined, { segmentBytes: 300 })
    await journal.write(share(1), share(2))
    await journal.write(share(3))
    await journal.writer.close()
    const path = segmentPath(folder, 0)
    truncateSync(path, readFileSync(path).length - 1)
    expect(() => stored()).toThrow('segment 0 ends at 1, the next begins at 2')
  })
})
