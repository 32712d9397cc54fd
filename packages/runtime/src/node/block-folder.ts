import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { SafeWriter } from '../write-file-safely.ts'

/** What the name of a block's file says. Hashes are hex in display order. */
export interface BlockName {
  readonly hash: string
  readonly height: number
}

/** Blocks whose fate is known are kept in this number. */
const KEEP_DECIDED = 100
const EXTENSION = '.block'

/**
 * The folder of our blocks: those whose fate is open in it, the newest of the others in `decided`. It is read once, at
 * the start; no other process writes into it.
 */
export class BlockFolder {
  readonly #open: string
  readonly #decided: string
  readonly #write: SafeWriter
  /** Names in `decided`, oldest height first. */
  #names: string[] = []

  constructor(dataDir: string, write: SafeWriter) {
    this.#write = write
    this.#open = join(dataDir, 'blocks')
    this.#decided = join(this.#open, 'decided')
  }

  /** Makes the folder. Answers the blocks whose fate an earlier run left open, lowest first. */
  async start(): Promise<readonly BlockName[]> {
    await mkdir(this.#decided, { recursive: true, mode: 0o700 })
    this.#names = (await readdir(this.#decided)).sort()
    const left = (await readdir(this.#open)).sort()
    return left.flatMap((name) => read(name) ?? [])
  }

  /** Writes a block and flushes it, under its name only when it is whole. */
  keep(name: BlockName, block: Uint8Array): Promise<void> {
    return this.#write(this.#path(name), block)
  }

  /** The bytes of a block whose fate is open. */
  read(name: BlockName): Promise<Uint8Array> {
    return readFile(this.#path(name))
  }

  /** Its fate is known; the oldest of those before it goes. */
  async putAway(name: BlockName): Promise<void> {
    const file = text(name)
    await rename(this.#path(name), join(this.#decided, file))
    this.#names.push(file)
    // nearly always at its end already
    this.#names.sort()
    for (const old of this.#names.splice(0, this.#names.length - KEEP_DECIDED))
      await rm(join(this.#decided, old), { force: true })
  }

  /** A block whose fate is known is open again: the node has lost it. False when it is not kept any more. */
  async reopen(name: BlockName): Promise<boolean> {
    const at = this.#names.indexOf(text(name))
    if (at < 0) return false
    this.#names.splice(at, 1)
    await rename(join(this.#decided, text(name)), this.#path(name))
    return true
  }

  /** Blocks above a height whose fate is known, lowest first. */
  decidedAbove(height: number): readonly BlockName[] {
    return this.#names.flatMap((name) => read(name) ?? []).filter((name) => name.height > height)
  }

  /** Whether a block's fate is known, and it is kept. */
  hasDecided(name: BlockName): boolean {
    return this.#names.includes(text(name))
  }

  #path(name: BlockName): string {
    return join(this.#open, text(name))
  }
}

function text({ height, hash }: BlockName): string {
  return `${String(height).padStart(8, '0')}-${hash}${EXTENSION}`
}

function read(file: string): BlockName | undefined {
  const [, height, hash] = /^(\d+)-([0-9a-f]{64})\.block$/.exec(file) ?? []
  return height === undefined || hash === undefined ? undefined : { height: Number(height), hash }
}
