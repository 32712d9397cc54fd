import { appendFileSync, existsSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from './logger.ts'

/** A mining job token and the job it was used for. */
interface UsedToken {
  readonly key: string
  readonly job: string
  /** Unix ms. */
  readonly until: number
}

const FILE = 'used-tokens'
/** Tokens in one file; then another one is begun, and the one before goes when all of its tokens have expired. */
const MAX_PER_FILE = 100_000
const LINE = /^([0-9a-f]{1,64}\+?) ([0-9a-f]{1,64}) (\d{1,16})$/

/**
 * The mining job tokens that were used and have not expired, in the data folder, a line each. A line is written before
 * any client hears that the token was taken, so a process that is killed forgets none. It is not flushed for each:
 * after a loss of power the last ones may be usable once more, in search spaces of a new run, where no share of before
 * counts.
 */
export class UsedTokenFile {
  /** Those that an earlier run has left. */
  readonly used: readonly UsedToken[]
  readonly #path: string
  readonly #log: Pick<Logger, 'error'>
  #lines = 0
  #newest = 0
  /** When the last token of the file before this one expires. */
  #newestBefore = 0
  #failed = false

  constructor(dataDir: string, deps: { readonly log: Pick<Logger, 'error'>; readonly now: number }) {
    this.#path = join(dataDir, FILE)
    this.#log = deps.log
    const [before, present] = [this.#read(`${this.#path}.1`), this.#read(this.#path)]
    this.#lines = present.length
    this.#newest = newestOf(present)
    this.#newestBefore = newestOf(before)
    this.used = [...before, ...present].filter(({ until }) => until > deps.now)
  }

  /** Keeps a token. On a disk that takes none it says so once, and goes on: its run protects its shares. */
  add({ key, job, until }: UsedToken, now: number): void {
    try {
      if (this.#lines >= MAX_PER_FILE && this.#newestBefore <= now) this.#beginAnew()
      appendFileSync(this.#path, `${key} ${job} ${until}\n`, { mode: 0o600 })
      this.#lines++
      this.#newest = Math.max(this.#newest, until)
      this.#failed = false
    } catch (error) {
      if (!this.#failed)
        this.#log.error({ file: this.#path, reason: (error as Error).message }, 'used token not kept')
      this.#failed = true
    }
  }

  #beginAnew(): void {
    renameSync(this.#path, `${this.#path}.1`)
    this.#newestBefore = this.#newest
    this.#newest = 0
    this.#lines = 0
  }

  /** The whole lines of a file. The last one may have been cut off; what follows begins on a line of its own. */
  #read(path: string): UsedToken[] {
    if (!existsSync(path)) return []
    const text = readFileSync(path, 'utf8')
    if (text !== '' && !text.endsWith('\n')) appendFileSync(path, '\n')
    return text.split('\n').flatMap((line) => {
      const [, key, job, until] = LINE.exec(line) ?? []
      return key === undefined || job === undefined ? [] : [{ key, job, until: Number(until) }]
    })
  }
}

function newestOf(tokens: readonly UsedToken[]): number {
  return tokens.reduce((newest, { until }) => Math.max(newest, until), 0)
}
