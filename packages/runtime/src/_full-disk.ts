import type { FileHandle } from 'node:fs/promises'
import * as fs from 'node:fs/promises'
import { type Disk, type SafeWriter, writeFileSafely } from './write-file-safely.ts'

/** Steps in which a file is written, in order; a full or broken disk may refuse each of them. */
export const DISK_STEPS = ['open', 'chmod', 'write', 'sync', 'close', 'rename', 'folder'] as const

export type DiskStep = (typeof DISK_STEPS)[number]

const full = (): Error => Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })

/** A disk that is full from one step on. A refused write leaves half of the content, as a real one does. */
export function fullDisk(step: DiskStep): Disk {
  return {
    async open(path, flags, mode) {
      const folder = flags === 'r'
      if (step === (folder ? 'folder' : 'open')) throw full()
      const file = await fs.open(path, flags, mode)
      return folder ? file : refusing(file, step)
    },
    async rename(from, to) {
      if (step === 'rename') throw full()
      await fs.rename(from, to)
    },
    rm: fs.rm,
  }
}

/** Writes to a disk that is full from one step on. */
export function writerToFullDisk(step: DiskStep): SafeWriter {
  return (path, content, how) => writeFileSafely(path, content, { ...how, disk: fullDisk(step) })
}

function refusing(file: FileHandle, step: DiskStep): FileHandle {
  const refused: Partial<Record<string, () => Promise<never>>> = {
    chmod: () => Promise.reject(full()),
    sync: () => Promise.reject(full()),
    close: async () => {
      await file.close()
      throw full()
    },
  }
  return new Proxy(file, {
    get(target, name) {
      if (name === 'writeFile' && step === 'write') {
        return async (content: string | Uint8Array) => {
          await target.writeFile(content.slice(0, content.length >> 1))
          throw full()
        }
      }
      const value = (name === step ? refused[step] : undefined) ?? Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
