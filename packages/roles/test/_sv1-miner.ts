import {
  concatBytes,
  difficultyToTarget,
  encodeHeader,
  hex,
  meetsTarget,
  merkleRootFromPath,
  sha256d,
  unhex,
} from '@sv2/bitcoin'
import type { Line, Sv1Peer } from './_sv1-peer.ts'

/** A job as a V1 miner reads it out of a notify. */
export interface Sv1Job {
  readonly jobId: string
  readonly prevHash: Uint8Array
  readonly coinbase1: string
  readonly coinbase2: string
  readonly branch: readonly string[]
  readonly version: number
  readonly nbits: number
  readonly ntime: number
  readonly clean: boolean
}

/** What a share is to be like. */
export interface Sv1Wanted {
  readonly job?: Sv1Job
  readonly extranonce1?: string
  readonly extranonce2?: string
  readonly ntime?: number
  /** Bits rolled by BIP 310; not sent when missing. */
  readonly versionBits?: number
  readonly worker?: string
  /** What the hash has to be like; at or below the target of the difficulty told last unless told otherwise. */
  readonly hash?: (hash: Uint8Array) => boolean
}

let nonces = 0

/** A miner of the V1 kind played by the test: it reads lines as cpuminer does, and finds real shares. */
export class Sv1Miner {
  readonly peer: Sv1Peer
  readonly user: string
  extranonce1 = ''
  extranonce2Size = 0
  sessionId = ''

  constructor(peer: Sv1Peer, user = 'alice.rig1') {
    this.peer = peer
    this.user = user
  }

  /** Subscribes and authorizes. */
  login(userAgent: string | undefined = 'cpuminer/2.5.1', password = 'x', sessionId?: string): this {
    this.subscribe(userAgent, sessionId)
    this.peer.request('mining.authorize', this.user, password)
    return this
  }

  subscribe(userAgent?: string, sessionId?: string): void {
    const params = [userAgent, sessionId].filter((each) => each !== undefined)
    const [subscriptions, extranonce1, size] = this.peer.request('mining.subscribe', ...params).result as [
      [string, string][],
      string,
      number,
    ]
    this.sessionId = subscriptions[0]![1]
    this.extranonce1 = extranonce1
    this.extranonce2Size = size
  }

  get jobs(): Sv1Job[] {
    return this.peer.all('mining.notify').map(readNotify)
  }

  get job(): Sv1Job {
    const job = this.jobs.at(-1)
    if (job === undefined) throw new Error('no job')
    return job
  }

  /** The difficulty told last. */
  get difficulty(): number {
    return Number(this.peer.all('mining.set_difficulty').at(-1)?.params?.[0])
  }

  /** Finds a share; answers the parameters of its submit. */
  find(wanted: Sv1Wanted = {}): unknown[] {
    const job = wanted.job ?? this.job
    const ntime = wanted.ntime ?? job.ntime
    const extranonce2 = wanted.extranonce2 ?? '5a'.repeat(this.extranonce2Size)
    const target = difficultyToTarget(this.difficulty)
    const good = wanted.hash ?? ((hash: Uint8Array) => meetsTarget(hash, target))
    const extranonce1 = wanted.extranonce1 ?? this.extranonce1
    const coinbase = unhex(job.coinbase1 + extranonce1 + extranonce2 + job.coinbase2)
    const merkleRoot = merkleRootFromPath(sha256d(coinbase), job.branch.map(unhex), sha256d)
    const version = (job.version ^ (wanted.versionBits ?? 0)) >>> 0
    for (let tries = 0; tries < 200_000; tries++) {
      nonces = (nonces + 1) >>> 0
      const { prevHash, nbits } = job
      const header = encodeHeader({ version, prevHash, merkleRoot, ntime, nbits, nonce: nonces })
      if (!good(sha256d(header))) continue
      const params = [wanted.worker ?? this.user, job.jobId, extranonce2, hex32(ntime), hex32(nonces)]
      return wanted.versionBits === undefined ? params : [...params, hex32(wanted.versionBits)]
    }
    throw new Error('no such share')
  }

  /** Finds a share and submits it; answers `true` or the code of the error. */
  mine(wanted: Sv1Wanted = {}): true | number {
    return verdict(this.peer.request('mining.submit', ...this.find(wanted)))
  }
}

/** What an answer says: `true`, or the code of its error. */
export function verdict({ result, error }: Line): true | number {
  if (result === true && error === null) return true
  return (error as [number])[0]
}

function readNotify({ params = [] }: Line): Sv1Job {
  const [jobId, prevHash, coinbase1, coinbase2, branch, version, nbits, ntime, clean] = params as [
    string,
    string,
    string,
    string,
    string[],
    string,
    string,
    string,
    boolean,
  ]
  return {
    jobId,
    prevHash: concatBytes(...(prevHash.match(/.{8}/g) ?? []).map((word) => unhex(word).reverse())),
    coinbase1,
    coinbase2,
    branch,
    version: Number.parseInt(version, 16),
    nbits: Number.parseInt(nbits, 16),
    ntime: Number.parseInt(ntime, 16),
    clean,
  }
}

function hex32(value: number): string {
  return hex(Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value))
}
