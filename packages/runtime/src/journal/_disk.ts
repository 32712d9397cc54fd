import type { JournalDisk } from './journal-disk.ts'
import { systemDisk } from './journal-disk.ts'

/** A disk that can be made full, slow, or powerless. */
export class TroubledDisk implements JournalDisk {
  /** What it refuses from now on. */
  readonly refuses = new Set<keyof JournalDisk>()
  /** Resolved when `datasync` may go on. */
  hold: Promise<void> | undefined
  /** Sizes of the files that are safe, by descriptor. */
  readonly safe = new Map<number, { size: number; path: string }>()
  #asked: (() => void) | undefined
  readonly #written = new Map<number, number>()

  /** Resolves when the next flush begins. */
  asked(): Promise<void> {
    return new Promise((resolve) => {
      this.#asked = resolve
    })
  }

  async create(path: string, header: Uint8Array): Promise<number> {
    this.#check('create')
    const file = await systemDisk.create(path, header)
    this.safe.set(file, { size: header.length, path })
    this.#written.set(file, header.length)
    return file
  }

  async write(file: number, bytes: Uint8Array, offset: number): Promise<void> {
    if (this.refuses.has('write')) await systemDisk.write(file, bytes.subarray(0, bytes.length >> 1), offset)
    this.#check('write')
    await systemDisk.write(file, bytes, offset)
    this.#written.set(file, offset + bytes.length)
  }

  async datasync(file: number): Promise<void> {
    this.#check('datasync')
    const size = this.#written.get(file)!
    this.#asked?.()
    await this.hold
    await systemDisk.datasync(file)
    this.safe.get(file)!.size = size
  }

  async truncate(file: number, size: number): Promise<void> {
    this.#check('truncate')
    await systemDisk.truncate(file, size)
  }

  close(file: number): Promise<void> {
    return systemDisk.close(file)
  }

  #check(step: keyof JournalDisk): void {
    if (this.refuses.has(step))
      throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
  }
}
