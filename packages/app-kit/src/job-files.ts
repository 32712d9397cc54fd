import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { hex, unhex } from '@sv2/bitcoin'
import type { KeptJob } from '@sv2/roles/negotiator'
import { type SafeWriter, writeFileSafely } from '@sv2/runtime'
import { z } from 'zod'

const EXTENSION = '.job'
const NAME = /^[0-9a-f]{16}\.job$/

/** The first line of a file; the transactions follow, one after the other. */
const headSchema = z.object({
  acceptedAt: z.number(),
  address: z.string().optional(),
  account: z.string(),
  providedBytes: z.int(),
  tip: z.object({ prevHash: z.hex(), height: z.int(), nbits: z.int(), target: z.hex() }),
  coinbase: z.object({
    version: z.int(),
    scriptPrefix: z.hex(),
    sequence: z.int(),
    outputs: z.array(z.object({ value: z.string(), script: z.string() })),
    locktime: z.int(),
  }),
  extranonceSize: z.int().optional(),
  merklePath: z.array(z.hex()),
  lengths: z.array(z.int().min(0)),
})

/**
 * Accepted jobs on disk, a file each, so that a block of theirs can be made after a restart. Each file holds all of its
 * transactions: it can be given up without a look at the others.
 */
export class JobFiles {
  readonly #folder: string
  readonly #onTrouble: (error: unknown) => void
  readonly #write: SafeWriter
  /** Jobs on their way to the disk, by id. */
  readonly #writing = new Map<string, Promise<boolean>>()

  constructor(dataDir: string, deps: { onTrouble(error: unknown): void; readonly write?: SafeWriter }) {
    this.#folder = join(dataDir, 'jobs')
    this.#onTrouble = deps.onTrouble
    this.#write = deps.write ?? writeFileSafely
  }

  /**
   * Makes the folder, and reads what an earlier run left, oldest first. A file that cannot be read is told of and left
   * out. What several jobs share is in memory once.
   */
  async start(): Promise<readonly KeptJob[]> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    const jobs: { readonly acceptedAt: number; readonly job: KeptJob }[] = []
    const shared = new Map<string, Uint8Array>()
    for (const name of (await readdir(this.#folder)).filter((each) => NAME.test(each))) {
      const id = name.slice(0, -EXTENSION.length)
      try {
        jobs.push(decode(id, await readFile(this.#path(id)), shared))
      } catch (error) {
        this.#onTrouble(error)
      }
    }
    return jobs.sort((a, b) => a.acceptedAt - b.acceptedAt).map(({ job }) => job)
  }

  /** Writes a job; answers whether it is on the disk. `acceptedAt` in ms, for the order at the next start. */
  keep(job: KeptJob, acceptedAt: number): Promise<boolean> {
    const writing = this.#keep(job, acceptedAt).finally(() => this.#writing.delete(job.id))
    this.#writing.set(job.id, writing)
    return writing
  }

  /** Removes a job. */
  async forget(id: string): Promise<void> {
    try {
      await this.#writing.get(id)
      await rm(this.#path(id), { force: true })
    } catch (error) {
      this.#onTrouble(error)
    }
  }

  /** Waits for what is being written. */
  async stop(): Promise<void> {
    await Promise.all(this.#writing.values())
  }

  async #keep(job: KeptJob, acceptedAt: number): Promise<boolean> {
    try {
      await this.#write(this.#path(job.id), encode(job, acceptedAt))
      return true
    } catch (error) {
      this.#onTrouble(error)
      return false
    }
  }

  #path(id: string): string {
    return join(this.#folder, `${id}${EXTENSION}`)
  }
}

function encode(job: KeptJob, acceptedAt: number): Buffer {
  const { holder, tip, coinbase, extranonceSize, providedBytes, merklePath, transactions } = job
  const head: z.input<typeof headSchema> = {
    acceptedAt,
    address: holder.address,
    account: holder.account,
    providedBytes,
    tip: { prevHash: hex(tip.prevHash), height: tip.height, nbits: tip.nbits, target: hex(tip.target) },
    coinbase: {
      ...coinbase,
      scriptPrefix: hex(coinbase.scriptPrefix),
      outputs: coinbase.outputs.map(({ value, script }) => ({ value: String(value), script: hex(script) })),
    },
    extranonceSize,
    merklePath: merklePath.map(hex),
    lengths: transactions.map(({ length }) => length),
  }
  return Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), ...transactions])
}

function decode(id: string, file: Buffer, shared: Map<string, Uint8Array>) {
  let at = file.indexOf('\n') + 1
  const head = headSchema.parse(JSON.parse(file.toString('utf8', 0, at)))
  const { acceptedAt, address, account, providedBytes, tip, coinbase, extranonceSize, merklePath } = head
  const transactions = head.lengths.map((length) => {
    const data = file.subarray(at, at + length)
    at += length
    const key = createHash('sha256').update(data).digest('base64')
    const known = shared.get(key) ?? Uint8Array.from(data)
    shared.set(key, known)
    return known
  })
  if (at !== file.length) throw new Error(`job ${id}: ${file.length} bytes instead of ${at}`)
  const job: KeptJob = {
    id,
    holder: { address, account, connection: undefined },
    providedBytes,
    tip: { ...tip, prevHash: unhex(tip.prevHash), target: unhex(tip.target) },
    coinbase: {
      ...coinbase,
      scriptPrefix: unhex(coinbase.scriptPrefix),
      outputs: coinbase.outputs.map(({ value, script }) => ({ value: BigInt(value), script: unhex(script) })),
    },
    extranonceSize,
    merklePath: merklePath.map(unhex),
    transactions,
  }
  return { acceptedAt, job }
}
