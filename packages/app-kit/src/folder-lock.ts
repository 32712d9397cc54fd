import { readFileSync } from 'node:fs'
import { mkdir, open, readFile, rm, stat, utimes } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { ConfigError } from './config/problems.ts'

/** The owner says that it lives this often, ms; of a machine that cannot be asked, the last word counts for three times as long. */
const HEARTBEAT_MS = 20_000
const TRUSTED_MS = 3 * HEARTBEAT_MS

/** Who has a folder. */
const ownerSchema = z.object({
  app: z.string(),
  pid: z.int(),
  host: z.string(),
  /** What tells a process from a later one with the same number; empty where the system does not say. */
  started: z.string(),
})
type Owner = z.output<typeof ownerSchema>

/** A folder, and the key of the configuration that names it. */
interface Locked {
  readonly folder: string
  readonly key: string
}

/** See `lockFolder`. */
export interface LockOptions extends Partial<Pick<Locked, 'key'>> {
  readonly onTrouble?: (error: unknown) => void
}

/**
 * Takes a data folder for this process: two of them on one folder would give out the same search space, and overwrite
 * each other's files. A lock whose owner is gone is taken over. A disk that takes no lock, since it is full, does not
 * keep us from mining. Answers what gives the folder back.
 * @param onTrouble the disk refuses the lock
 * @param key of the configuration that names the folder
 * @throws {ConfigError} naming the owner, when there is one
 */
export async function lockFolder(
  folder: string,
  app: string,
  { onTrouble = () => undefined, key = 'data_dir' }: LockOptions = {},
): Promise<() => Promise<void>> {
  try {
    return await locked({ folder, key }, app)
  } catch (error) {
    if (error instanceof ConfigError) throw error
    onTrouble(error)
    return () => Promise.resolve()
  }
}

async function locked({ folder, key }: Locked, app: string): Promise<() => Promise<void>> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const path = join(folder, 'lock')
  const owner: Owner = { app, pid: process.pid, host: hostname(), started: startOf(process.pid) ?? '' }
  while (!(await isWritten(path, owner))) {
    const other = await ownerOf(path)
    if (other !== undefined) throw inUse({ folder, key }, other)
    await rm(path, { force: true })
  }
  const heartbeat = setInterval(() => {
    const now = new Date()
    utimes(path, now, now).catch(() => {
      // An operator who removed the lock by hand answers for the folder.
    })
  }, HEARTBEAT_MS)
  heartbeat.unref()
  return async () => {
    clearInterval(heartbeat)
    await rm(path, { force: true })
  }
}

function inUse({ folder, key }: Locked, { app, pid, host }: Owner): ConfigError {
  const message = `is in use by ${app}, process ${pid} on ${host}: end it, or give each process a ${key} and a server_id of its own`
  return new ConfigError([{ key, value: folder, message }])
}

/** Writes the lock; false when there is one. */
async function isWritten(path: string, owner: Owner): Promise<boolean> {
  try {
    const file = await open(path, 'wx', 0o600)
    try {
      await file.writeFile(`${JSON.stringify(owner)}\n`)
    } finally {
      await file.close()
    }
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    await rm(path, { force: true })
    throw error
  }
}

/** Who holds a lock; undefined when it is left over. */
async function ownerOf(path: string): Promise<Owner | undefined> {
  const text = await readFile(path, 'utf8').catch(() => '')
  const read = ownerSchema.safeParse(parsed(text))
  if (!read.success) return undefined
  const owner = read.data
  if (owner.host === hostname()) return isAlive(owner) ? owner : undefined
  const heard = await stat(path).catch(() => undefined)
  return heard !== undefined && Date.now() - heard.mtimeMs < TRUSTED_MS ? owner : undefined
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function isAlive({ pid, started }: Owner): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    // A process of another user counts as alive.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  const start = startOf(pid)
  return start === undefined || started === '' || start === started
}

/** When a process started, as Linux counts it; numbers of processes come again, in containers at once. */
function startOf(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19]
  } catch (error) {
    if (error instanceof Error && 'code' in error) return undefined
    throw error
  }
}
