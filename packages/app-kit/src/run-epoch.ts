import { randomInt } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeFileSafely } from '@sv2/runtime'
import { ConfigError } from './config/problems.ts'

/** Epochs there are; after the last one comes 0. */
const EPOCHS = 65_536
const FILE = 'run.epoch'

/**
 * The number of this run: one that no earlier run on the data folder had. It is on disk, safe from a loss of power, when
 * this resolves. The first one is drawn, so that a folder that was lost hardly brings an old one back.
 * @throws {ConfigError} for a file that cannot be read or holds something else: a guess could repeat a run
 * @throws the disk's error where it cannot be kept
 */
export async function nextEpoch(dataDir: string, write = writeFileSafely): Promise<number> {
  const path = join(dataDir, FILE)
  const last = await lastEpoch(path)
  const epoch = last === undefined ? randomInt(EPOCHS) : (last + 1) % EPOCHS
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  await write(path, `${epoch}\n`)
  return epoch
}

async function lastEpoch(path: string): Promise<number | undefined> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw problem(path, `cannot be read: ${(error as Error).message}`)
  }
  const epoch = Number(text)
  if (!/^\d{1,5}\n?$/.test(text) || epoch >= EPOCHS)
    throw problem(
      path,
      'holds no number of a run, 0 to 65535; remove it once all miners have seen a new block',
    )
  return epoch
}

function problem(file: string, message: string): ConfigError {
  return new ConfigError([{ key: 'data_dir', value: file, message }])
}
