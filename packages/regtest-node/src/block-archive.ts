import { randomUUID } from 'node:crypto'
import { openSync, readSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Bytes of old blocks, in a temporary file, so that a node that runs for days does not grow. */
export class BlockArchive {
  readonly #path = join(tmpdir(), `sv2-regtest-node-${randomUUID()}.blocks`)
  #file: number | undefined
  #end = 0

  /** Writes bytes; answers what reads them again. */
  add(bytes: Uint8Array): () => Uint8Array {
    this.#file ??= this.#open()
    const at = this.#end
    const { length } = bytes
    this.#end += writeSync(this.#file, bytes, 0, length, at)
    return () => this.#read(at, length)
  }

  #open(): number {
    const file = openSync(this.#path, 'wx+', 0o600)
    // nothing is left behind however this process ends; Windows alone does not allow that
    if (process.platform !== 'win32') rmSync(this.#path, { force: true })
    return file
  }

  #read(at: number, length: number): Uint8Array {
    if (this.#file === undefined) throw new Error('nothing has been archived')
    const bytes = new Uint8Array(length)
    readSync(this.#file, bytes, 0, length, at)
    return bytes
  }
}
