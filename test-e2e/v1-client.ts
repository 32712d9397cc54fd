import { connect, type Socket } from 'node:net'
import {
  concatBytes,
  difficultyToTarget,
  displayHash,
  encodeHeader,
  hex,
  meetsTarget,
  merkleRootFromPath,
  sha256d,
  unhex,
} from '@sv2/bitcoin'

/** A line of the translator's. */
export interface V1Line {
  readonly id: unknown
  readonly method?: string
  readonly params?: readonly unknown[]
  readonly result?: unknown
  readonly error?: readonly [number, string] | null
}

interface Job {
  readonly jobId: string
  readonly prevHash: Uint8Array
  readonly coinbase1: string
  readonly coinbase2: string
  readonly branch: readonly string[]
  readonly version: number
  readonly nbits: number
  readonly ntime: number
}

/** Hashes between two looks at what has arrived. */
const SLICE = 2_000
/** Between slices; the node of a test lives in the same process, and other processes want the processor too. */
const PAUSE_MS = 50

/** A V1 miner on a real socket that behaves like cpuminer: it logs in, hashes, and submits what meets its difficulty. */
export class V1Client {
  readonly socket: Socket
  readonly user: string
  readonly lines: V1Line[] = []
  /** Hashes of the shares that were accepted, as they are displayed. */
  readonly accepted = new Set<string>()
  /** Codes of the shares that were refused. */
  readonly refused: number[] = []
  closed = false
  #text = ''
  #id = 0
  #extranonce1 = ''
  #extranonce2Size = 0
  #extranonce2 = 0
  #nonce = 0
  #difficulty = Number.POSITIVE_INFINITY
  #job: Job | undefined
  #mining = false
  #waiting: (() => void)[] = []

  constructor(port: number, user = 'e2e.v1') {
    this.user = user
    this.socket = connect({ host: '127.0.0.1', port, noDelay: true })
    this.socket.on('data', (chunk) => this.#read(chunk.toString()))
    this.socket.on('error', () => undefined)
    this.socket.on('close', () => {
      this.closed = true
      this.#wake()
    })
  }

  /** Sends text as it is. */
  write(text: string): void {
    this.socket.write(text)
  }

  /** Sends a request and waits for its answer. */
  async request(method: string, ...params: readonly unknown[]): Promise<V1Line> {
    this.#id++
    const id = this.#id
    this.write(`${JSON.stringify({ id, method, params })}\n`)
    const isAnswer = (line: V1Line): boolean => line.id === id && line.method === undefined
    await this.until(() => this.lines.some(isAnswer))
    return this.lines.find(isAnswer)!
  }

  /** Waits until something holds; rejects when the connection ends before. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      if (this.closed) throw new Error(`the connection was closed\n${JSON.stringify(this.lines.slice(-5))}`)
      await new Promise<void>((wake) => this.#waiting.push(wake))
    }
  }

  /** Waits until the connection has ended. */
  async ended(): Promise<void> {
    while (!this.closed) await new Promise<void>((wake) => this.#waiting.push(wake))
  }

  /** Subscribes and authorizes as cpuminer does. */
  async login(userAgent = 'cpuminer/2.5.1', password = 'x'): Promise<V1Line> {
    const { result } = await this.request('mining.subscribe', userAgent)
    const [, extranonce1, size] = result as [unknown, string, number]
    this.#extranonce1 = extranonce1
    this.#extranonce2Size = size
    return this.request('mining.authorize', this.user, password)
  }

  /** Hashes until it is told to stop. */
  start(): void {
    if (this.#mining) return
    this.#mining = true
    void this.#mine()
  }

  /** Stops hashing, and stays connected. */
  pause(): void {
    this.#mining = false
  }

  stop(): void {
    this.#mining = false
    this.socket.destroy()
  }

  async #mine(): Promise<void> {
    while (this.#mining && !this.closed) {
      const job = this.#job
      if (job !== undefined) this.#hash(job)
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    }
  }

  #hash(job: Job): void {
    this.#extranonce2++
    const extranonce2 = this.#extranonce2.toString(16).padStart(2 * this.#extranonce2Size, '0')
    const coinbase = unhex(job.coinbase1 + this.#extranonce1 + extranonce2 + job.coinbase2)
    const merkleRoot = merkleRootFromPath(sha256d(coinbase), job.branch.map(unhex), sha256d)
    const target = difficultyToTarget(this.#difficulty)
    const header = encodeHeader({ ...job, merkleRoot, nonce: 0 })
    const view = new DataView(header.buffer, header.byteOffset)
    for (let tries = 0; tries < SLICE; tries++) {
      this.#nonce = (this.#nonce + 1) >>> 0
      view.setUint32(76, this.#nonce, true)
      const hash = sha256d(header)
      if (meetsTarget(hash, target)) void this.#submit(job, extranonce2, { nonce: this.#nonce, hash })
    }
  }

  async #submit(job: Job, extranonce2: string, found: { nonce: number; hash: Uint8Array }): Promise<void> {
    const { jobId, ntime } = job
    const name = displayHash(found.hash)
    try {
      const share = [this.user, jobId, extranonce2, hex32(ntime), hex32(found.nonce)]
      const { result, error } = await this.request('mining.submit', ...share)
      if (result === true) this.accepted.add(name)
      else this.refused.push(error?.[0] ?? 0)
    } catch (error) {
      // its connection ended, which whoever looks after it sees in `closed`
      if (!this.closed) throw error
    }
    this.#wake()
  }

  #read(chunk: string): void {
    this.#text += chunk
    const lines = this.#text.split('\n')
    this.#text = lines.pop() ?? ''
    for (const text of lines) {
      const line = JSON.parse(text) as V1Line
      this.lines.push(line)
      if (line.method === 'mining.set_difficulty') this.#difficulty = Number(line.params?.[0])
      if (line.method === 'mining.notify') this.#job = readJob(line.params ?? [])
    }
    this.#wake()
  }

  #wake(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const wake of waiting) wake()
  }
}

function readJob(params: readonly unknown[]): Job {
  const [jobId, prevHash, coinbase1, coinbase2, branch, version, nbits, ntime] = params as [
    string,
    string,
    string,
    string,
    string[],
    string,
    string,
    string,
  ]
  const words = (prevHash.match(/.{8}/g) ?? []).map((word) => unhex(word).reverse())
  return {
    jobId,
    prevHash: concatBytes(...words),
    coinbase1,
    coinbase2,
    branch,
    version: Number.parseInt(version, 16),
    nbits: Number.parseInt(nbits, 16),
    ntime: Number.parseInt(ntime, 16),
  }
}

function hex32(value: number): string {
  return hex(Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value))
}
