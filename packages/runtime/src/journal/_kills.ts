import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { JournalTail } from './journal-tail.ts'

/** Kills a process that writes a journal, so many times at any moment, and looks whether what it told of is there, once. */
export async function killWhileWriting(times: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'journal-kill-'))
  try {
    const told: number[] = []
    for (let run = 0; run < times; run++) told.push(await recordUntilKilled(folder, run))
    const found = new Map<number, number>()
    let sequence = 0
    for (const { record, sequence: at } of new JournalTail(folder).read()) {
      expect(at).toBe(sequence++)
      if (record.kind !== 'share') continue
      const view = new DataView(record.header.buffer, record.header.byteOffset)
      const run = view.getUint32(0, true)
      // in its order, without a gap and not twice
      expect(view.getUint32(4, true)).toBe(found.get(run) ?? 0)
      found.set(run, (found.get(run) ?? 0) + 1)
    }
    for (const [run, shares] of told.entries()) expect(found.get(run) ?? 0).toBeGreaterThanOrEqual(shares)
    expect(told.filter((shares) => shares > 0).length).toBeGreaterThan(times / 2)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Answers how many shares the process told of before it was killed. */
async function recordUntilKilled(folder: string, run: number): Promise<number> {
  const script = join(import.meta.dirname, '_writing-process.ts')
  const child = spawn(
    process.execPath,
    ['--conditions=@sv2/source', '--import', 'tsx', script, folder, String(run)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  let text = ''
  let flushes = 0
  const killAfter = 1 + Math.floor(Math.random() * 40)
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString()
    flushes++
    if (flushes === killAfter) child.kill('SIGKILL')
  })
  await once(child, 'close')
  const lines = text.split('\n').slice(0, -1)
  return Number(lines.at(-1) ?? 0)
}
