import {
  addressToScript,
  buildCoinbase,
  coinbaseTxid,
  concatBytes,
  displayHash,
  encodeHeader,
  hex,
  merkleRootFromPath,
  sha256,
  sha256d,
} from '@sv2/bitcoin'
import {
  chainRoot,
  encodeFrame,
  type JobRecord,
  type JournalRecord,
  SegmentRootMaker,
  type ShareRecord,
} from '@sv2/journal'
import { Ledger, networkWorkOf, type Terms, writeTerms } from '@sv2/roles/ledger'
import { type Distribution, rewardOutputs, SOLO_PAYOUT, soloOutputs } from '@sv2/roles/payouts'
import type { PoolSource, ToldSegment } from './pool-source.ts'

export const ALICE = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080'
export const BOB = 'bcrt1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qzf4jry'
const POOL_SCRIPT = Uint8Array.of(0x51, 0x01, 0xff)
/** A block takes some 65,536 hashes, and a share 64. */
const NBITS = 0x1f00ffff
const WORK = 64n
const PATH = [sha256(Uint8Array.of(1)), sha256(Uint8Array.of(2))]
const RECORDS_OF_A_SEGMENT = 25
const VALUE = 5_000_000_000n

const TERMS: Terms = {
  scheme: { scheme: 'pplns', window: 8n << 40n },
  feePpm: 10_000n,
  poolScript: POOL_SCRIPT,
  dustLimit: 546,
  maxPayouts: 100,
  refreshMs: 30_000,
  confirmations: 6,
}

/** A pool of tests: it mines real shares, writes an honest journal of them, and pays by it. */
export class APool {
  readonly records: JournalRecord[] = []
  /** Header hashes of each account's shares, display order. */
  readonly hashes = new Map<number, string[]>()
  distribution: Distribution | undefined
  readonly #ledger = new Ledger({ network: 'regtest', ...TERMS })
  #time = 1_800_000_000_000
  #jobs = 0
  #nonce = 0
  job!: JobRecord

  constructor() {
    this.write({ kind: 'terms', time: this.#time, terms: writeTerms(TERMS) })
    for (const [at, name] of [ALICE, BOB].entries())
      this.write({ kind: 'account', account: at + 1, name, script: addressToScript(name, 'regtest') })
  }

  write(record: JournalRecord): void {
    const entry = { sequence: this.records.length, record }
    this.records.push(record)
    for (const fact of this.#ledger.handle({ node: 0, entry }))
      if (fact.kind === 'distribution') this.distribution = fact.distribution
  }

  tip(height: number): void {
    this.#time += 1_000
    const prevHash = sha256d(Uint8Array.of(height))
    this.write({ kind: 'tip', time: this.#time, height, prevHash, nbits: NBITS })
    this.newJob(height)
  }

  /** A job of a solo door, and a block on it. @param paying output script that the coinbase pays */
  soloBlock(account: number, height: number, paying: Uint8Array): void {
    this.newJob(height, paying)
    this.block(account, height)
  }

  /** @param alone output script of the miner, where the job is one of a solo door */
  newJob(height: number, alone?: Uint8Array): void {
    const { distribution } = this
    const outputs = alone
      ? soloOutputs(alone, TERMS, VALUE)
      : distribution
        ? rewardOutputs(distribution, VALUE)
        : [{ value: VALUE, script: POOL_SCRIPT }]
    const { prefix, suffix } = buildCoinbase({
      version: 2,
      scriptSigPrefix: Uint8Array.of(1, height),
      extranonceSize: 8,
      sequence: 0xffff_ffff,
      outputs,
      locktime: 0,
    })
    this.job = {
      kind: 'job',
      job: ++this.#jobs,
      time: this.#time,
      distributionId: alone === undefined ? (distribution?.id ?? 0n) : SOLO_PAYOUT,
      isOwn: true,
      value: VALUE,
      coinbasePrefix: prefix,
      coinbaseSuffix: suffix,
      merklePath: PATH,
    }
    this.write(this.job)
  }

  /** Finds and records a share of so many hashes; `block` as well. */
  share(account: number, work = WORK): ShareRecord {
    this.#time += 7_000
    const extranonce = new Uint8Array(8)
    new DataView(extranonce.buffer).setUint32(0, this.records.length)
    const txid = coinbaseTxid(this.job.coinbasePrefix, extranonce, this.job.coinbaseSuffix)
    const merkleRoot = merkleRootFromPath(txid, this.job.merklePath)
    const prevHash = this.#tipHash()
    for (;;) {
      const header = encodeHeader({
        version: 0x2000_0000,
        prevHash,
        merkleRoot,
        ntime: Math.floor(this.#time / 1000),
        nbits: NBITS,
        nonce: this.#nonce++,
      })
      const hash = displayHash(sha256d(header))
      if ((BigInt(`0x${hash}`) + 1n) * work > 1n << 256n) continue
      const share: ShareRecord = {
        kind: 'share',
        time: this.#time,
        job: this.job.job,
        account,
        worker: 0,
        work: WORK,
        networkWork: networkWorkOf(NBITS),
        rewardToPool: 0n,
        rewardTotal: 0n,
        distributionId: this.job.distributionId,
        header,
        extranonce,
      }
      this.write(share)
      this.hashes.set(account, [...(this.hashes.get(account) ?? []), hash])
      return share
    }
  }

  block(account: number, height: number): void {
    const { header, extranonce } = this.share(account, networkWorkOf(NBITS))
    this.write({
      kind: 'block',
      time: this.#time,
      height,
      hash: sha256d(header),
      account,
      worker: 0,
      distributionId: this.job.distributionId,
      coinbase: concatBytes(this.job.coinbasePrefix, extranonce, this.job.coinbaseSuffix),
      header,
      source: 'share',
    })
  }

  #tipHash(): Uint8Array {
    const tip = this.records.findLast((record) => record.kind === 'tip')
    if (tip?.kind !== 'tip') throw new Error('no tip')
    return tip.prevHash
  }
}

/** A pool with two miners, some 80 shares and a block. */
export function aBusyPool(): APool {
  const pool = new APool()
  pool.tip(101)
  for (let n = 0; n < 40; n++) pool.share(1 + (n % 3 === 0 ? 1 : 0))
  pool.tip(102)
  for (let n = 0; n < 20; n++) pool.share(1 + (n % 2))
  pool.block(1, 102)
  pool.tip(103)
  for (let n = 0; n < 10; n++) pool.share(2)
  return pool
}

/** What a pool shows that holds these records; whatever it lies about comes in by the records. */
export function shown(
  records: readonly JournalRecord[],
  lies: {
    /** In place of the roots over the records. */
    readonly segments?: (honest: readonly ToldSegment[]) => readonly ToldSegment[]
    /** In place of the frames of a segment. */
    readonly frames?: (honest: readonly Uint8Array[], number: number) => readonly Uint8Array[]
    readonly distribution?: Distribution | undefined
    /** Segments whose records are no longer kept. */
    readonly removed?: number
  } = {},
): PoolSource {
  const groups: Uint8Array[][] = []
  for (const [sequence, record] of records.entries()) {
    if (sequence % RECORDS_OF_A_SEGMENT === 0) groups.push([])
    groups.at(-1)!.push(encodeFrame({ sequence, record }).slice())
  }
  let chained: Uint8Array = new Uint8Array(32)
  const segments = groups.map((frames, number): ToldSegment => {
    const maker = new SegmentRootMaker()
    for (const frame of frames) maker.take(frame)
    const root = maker.root()
    chained = chainRoot(chained, root)
    const isOpen = number === groups.length - 1
    return {
      number,
      node: 0,
      pool_id: '07'.repeat(16),
      first: number * RECORDS_OF_A_SEGMENT,
      records: isOpen ? 0 : frames.length,
      kept: number >= (lies.removed ?? 0),
      root: isOpen ? null : hex(root),
      chained_root: isOpen ? null : hex(chained),
    }
  })
  const { distribution } = lies
  return {
    network: async () => 'regtest',
    segments: async () => lies.segments?.(segments) ?? segments,
    async *records(number) {
      if (number < (lies.removed ?? 0)) throw new Error(`segment ${number} is not kept`)
      yield lies.frames?.(groups[number]!, number) ?? groups[number]!
    },
    distribution: async () =>
      distribution && {
        id: String(distribution.id),
        payouts: distribution.payouts.map(({ script, weight }) => ({
          script: hex(script),
          weight: String(weight),
        })),
      },
  }
}
