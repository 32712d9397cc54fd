import { close, fdatasync, ftruncate, open, rm, write } from 'node:fs'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { flushFolder } from '../write-file-safely.ts'

/** What a journal asks of a disk. Every call throws what the disk says. */
export interface JournalDisk {
  /** Makes a file with a header, both safe from a loss of power. Leaves nothing behind when the disk refuses. */
  create(path: string, header: Uint8Array): Promise<number>
  /** Writes all bytes at an offset. */
  write(file: number, bytes: Uint8Array, offset: number): Promise<void>
  datasync(file: number): Promise<void>
  truncate(file: number, size: number): Promise<void>
  close(file: number): Promise<void>
}

const asyncOpen = promisify(open)
const asyncWrite = promisify(write)
const asyncClose = promisify(close)
const asyncRemove = promisify(rm)

/** That of the machine. */
export const systemDisk: JournalDisk = {
  async create(path, header) {
    const file = await asyncOpen(path, 'w', 0o600)
    try {
      await systemDisk.write(file, header, 0)
      await systemDisk.datasync(file)
      await flushFolder(dirname(path))
      return file
    } catch (error) {
      await asyncClose(file)
      await asyncRemove(path, { force: true })
      throw error
    }
  },
  async write(file, bytes, offset) {
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await asyncWrite(file, bytes, done, bytes.length - done, offset + done)
      done += bytesWritten
    }
  },
  datasync: promisify(fdatasync),
  truncate: promisify(ftruncate),
  close: asyncClose,
}
