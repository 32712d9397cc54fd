import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { hex, unhex } from '@sv2/bitcoin'
import type { OpenSolution, SolutionEffect } from '@sv2/roles'
import { writeFileSafelySync } from '@sv2/runtime'
import { z } from 'zod'
import type { Logger } from './logger.ts'

const bytes = z.hex().transform((text) => unhex(text))
const uint32 = z.int().min(0).max(0xffff_ffff)

const message = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('SubmitSolution'),
    templateId: z.string().regex(/^\d+$/).transform(BigInt),
    version: uint32,
    headerTimestamp: uint32,
    headerNonce: uint32,
    coinbaseTx: bytes,
  }),
  z.object({
    type: z.literal('PushSolution'),
    extranonce: bytes,
    prevHash: bytes,
    nonce: uint32,
    ntime: uint32,
    nbits: uint32,
    version: uint32,
  }),
])

const file = z.object({ prevHash: bytes, message })
const NAME = /^([0-9a-f]{64})\.solution$/

/**
 * Blocks that were found and are not decided, on disk, a file each. A block is written before its share is
 * acknowledged, which is why nothing here is done later: a found block is rare, and worth the milliseconds.
 */
export class SolutionFiles {
  readonly #folder: string
  readonly #log: Logger

  constructor(dataDir: string, log: Logger) {
    this.#folder = join(dataDir, 'solutions')
    this.#log = log
  }

  /** Makes the folder, and reads what an earlier run left. A file that cannot be read is told of and left out. */
  load(): readonly OpenSolution[] {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
    const left = readdirSync(this.#folder).flatMap((name) => this.#read(name) ?? [])
    if (left.length > 0) this.#log.warn({ blocks: left.length }, 'telling of blocks of an earlier run again')
    return left
  }

  #read(name: string): OpenSolution | undefined {
    const [, hash] = NAME.exec(name) ?? []
    if (hash === undefined) return undefined
    try {
      return { hash, ...file.parse(JSON.parse(readFileSync(join(this.#folder, name), 'utf8'))) }
    } catch (error) {
      this.#log.error({ hash, err: error }, 'a block of an earlier run cannot be read')
      return undefined
    }
  }

  /** Does what a role wants done; when this returns, it is done. */
  perform(effect: SolutionEffect): void {
    const hash = effect.kind === 'keepSolution' ? effect.solution.hash : effect.hash
    const path = join(this.#folder, `${hash}.solution`)
    try {
      if (effect.kind === 'forgetSolution') rmSync(path, { force: true })
      else writeFileSafelySync(path, JSON.stringify(effect.solution, asText))
    } catch (error) {
      this.#log.error({ hash, err: error }, 'the disk refuses a found block; it is told of all the same')
    }
  }
}

function asText(_: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return hex(value)
  return typeof value === 'bigint' ? value.toString() : value
}
