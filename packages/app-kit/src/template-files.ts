import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { hex, unhex } from '@sv2/bitcoin'
import type { SolvableTemplate } from '@sv2/roles/provider'
import { type SafeWriter, writeFileSafely } from '@sv2/runtime'
import { z } from 'zod'

/** Templates kept: those of a few constraints, and more than a pool has jobs of (16 past ones, 64 for single channels). */
const MOST = 96
/** Those that wait to be written. */
const MOST_WAITING = 16
/** All of them together; each file has its transactions whole. */
const MOST_BYTES = 256 * 1024 * 1024
const EXTENSION = '.template'

/** The first line of a file; the transactions follow, one after the other. */
const headSchema = z.object({
  height: z.int(),
  nbits: z.int(),
  prevHash: z.hex(),
  target: z.hex(),
  merklePath: z.array(z.hex()),
  lengths: z.array(z.int().min(0)),
})

/** The newest templates on disk, a file each, so that a block of theirs can be made after a restart. */
export class TemplateFiles {
  readonly #folder: string
  readonly #onTrouble: (error: unknown) => void
  readonly #writeFile: SafeWriter
  /** Those on the disk, oldest first; no other process writes there. */
  #kept: { readonly id: bigint; readonly bytes: number }[] = []
  /** What is to be written, oldest first. */
  readonly #waiting: SolvableTemplate[] = []
  #writing: Promise<void> | undefined

  constructor(dataDir: string, deps: { onTrouble(error: unknown): void; readonly write?: SafeWriter }) {
    this.#folder = join(dataDir, 'templates')
    this.#onTrouble = deps.onTrouble
    this.#writeFile = deps.write ?? writeFileSafely
  }

  /** Makes the folder, and reads what an earlier run left. A file that cannot be read is told of and left out. */
  async start(): Promise<readonly SolvableTemplate[]> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    const templates: SolvableTemplate[] = []
    for (const id of await this.#ids()) {
      try {
        const file = await readFile(this.#path(id))
        this.#kept.push({ id, bytes: file.length })
        templates.push(decode(id, file))
      } catch (error) {
        this.#onTrouble(error)
      }
    }
    return templates
  }

  /** Writes a template, soon; where the disk does not keep up, the oldest that wait are given up. */
  keep(template: SolvableTemplate): void {
    this.#waiting.push(template)
    if (this.#waiting.length > MOST_WAITING) this.#waiting.shift()
    this.#writing ??= this.#writeAll()
  }

  /** Waits for what is being written. */
  async stop(): Promise<void> {
    await this.#writing
  }

  async #writeAll(): Promise<void> {
    for (let template = this.#waiting.shift(); template !== undefined; template = this.#waiting.shift()) {
      try {
        await this.#write(template)
      } catch (error) {
        this.#onTrouble(error)
      }
    }
    this.#writing = undefined
  }

  async #write(template: SolvableTemplate): Promise<void> {
    const { templateId: id } = template
    const file = encode(template)
    await this.#writeFile(this.#path(id), file)
    this.#kept.push({ id, bytes: file.length })
    let bytes = this.#kept.reduce((sum, kept) => sum + kept.bytes, 0)
    while (this.#kept.length > MOST || (bytes > MOST_BYTES && this.#kept.length > 1)) {
      const oldest = this.#kept.shift()!
      bytes -= oldest.bytes
      await rm(this.#path(oldest.id), { force: true })
    }
  }

  /** Ids of the templates there are, oldest first. */
  async #ids(): Promise<readonly bigint[]> {
    const names = (await readdir(this.#folder)).filter((name) => /^\d+\.template$/.test(name))
    return names.map((name) => BigInt(name.slice(0, -EXTENSION.length))).sort((a, b) => (a < b ? -1 : 1))
  }

  #path(templateId: bigint): string {
    return join(this.#folder, `${templateId}${EXTENSION}`)
  }
}

function encode({ height, nbits, prevHash, target, merklePath, transactions }: SolvableTemplate): Buffer {
  const head: z.input<typeof headSchema> = {
    height,
    nbits,
    prevHash: hex(prevHash),
    target: hex(target),
    merklePath: merklePath.map(hex),
    lengths: transactions.map(({ length }) => length),
  }
  return Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), ...transactions])
}

function decode(templateId: bigint, file: Buffer): SolvableTemplate {
  let at = file.indexOf('\n') + 1
  const { prevHash, target, merklePath, lengths, ...head } = headSchema.parse(
    JSON.parse(file.toString('utf8', 0, at)),
  )
  const transactions = lengths.map((length) => {
    at += length
    return file.subarray(at - length, at)
  })
  if (at !== file.length) throw new Error(`template ${templateId}: ${file.length} bytes instead of ${at}`)
  return {
    ...head,
    templateId,
    prevHash: unhex(prevHash),
    target: unhex(target),
    merklePath: merklePath.map(unhex),
    transactions,
  }
}
