import { buildCoinbase, concatBytes, encodeHeader, hex, sha256d } from '@sv2/bitcoin'
import type { JournalRecord } from '@sv2/journal'
import { Ledger, type LedgerFact, type LedgerSettings, networkWorkOf } from '@sv2/roles/ledger'
import { type Distribution, rewardOutputs, SOLO_PAYOUT, soloOutputs } from '@sv2/roles/payouts'

/** Output script of the pool, and of the n-th miner. */
export const POOL_SCRIPT: Uint8Array = Uint8Array.of(0x51, 0x01, 0xff)
export const scriptOf = (miner: number): Uint8Array =>
  Uint8Array.of(0x00, 0x14, ...new Array(19).fill(7), miner)
export const keyOf = (miner: number): string => hex(scriptOf(miner))

/** A block takes 2^40 hashes. */
export const NBITS = 0x1b00ffff
/** Halves the target. */
export const HARDER_NBITS = 0x1a7fff80

export const SETTINGS: LedgerSettings = {
  network: 'mainnet',
  scheme: { scheme: 'pplns', window: 8n << 40n },
  feePpm: 20_000n,
  poolScript: POOL_SCRIPT,
  dustLimit: 294,
  maxPayouts: 500,
  refreshMs: 30_000,
  confirmations: 6,
}

/** A coinbase that pays a reward by a distribution, with a witness commitment behind. */
export function coinbaseOf(distribution: Distribution, value: bigint, number: number): Uint8Array {
  return coinbaseWith(
    [...rewardOutputs(distribution, value), { value: 0n, script: Uint8Array.of(0x6a, 1, 9) }],
    number,
  )
}

export function coinbaseWith(
  outputs: readonly { readonly value: bigint; readonly script: Uint8Array }[],
  number: number,
): Uint8Array {
  const { prefix, suffix } = buildCoinbase({
    version: 2,
    scriptSigPrefix: Uint8Array.of(3, number & 0xff, (number >> 8) & 0xff, number >> 16),
    extranonceSize: 0,
    sequence: 0xffff_ffff,
    outputs,
    locktime: 0,
  })
  return concatBytes(prefix, suffix)
}

/** Writes the journal of one node, and lets a ledger read it. */
export class History {
  readonly ledger: Ledger
  readonly records: JournalRecord[] = []
  readonly facts: LedgerFact[] = []
  readonly node: number
  time = 1_800_000_000_000
  height = 900_000
  nbits = NBITS
  /** Value of a coinbase, satoshi. */
  value = 315_000_000n
  distribution: Distribution | undefined
  readonly #jobs = new Map<number, Distribution | undefined>()
  #job = 0
  #blocks = 0

  constructor(settings: Partial<LedgerSettings> = {}, ledger?: Ledger, node = 0) {
    this.ledger = ledger ?? new Ledger({ ...SETTINGS, ...settings })
    this.node = node
  }

  /** Gives miners 1 … n their accounts, and a tip and a job to begin with. */
  start(miners: number): this {
    for (let miner = 1; miner <= miners; miner++)
      this.write({ kind: 'account', account: miner, name: `miner ${miner}`, script: scriptOf(miner) })
    this.write({ kind: 'worker', worker: 1, name: 'rig' })
    this.tip()
    return this
  }

  write(record: JournalRecord): readonly LedgerFact[] {
    const facts = this.ledger.handle({ node: this.node, entry: { sequence: this.records.length, record } })
    this.records.push(record)
    this.facts.push(...facts)
    for (const fact of facts) if (fact.kind === 'distribution') this.distribution = fact.distribution
    return facts
  }

  after(ms: number): this {
    this.time += ms
    return this
  }

  tip(): void {
    this.height++
    const prevHash = sha256d(Uint8Array.of(this.height & 0xff, (this.height >> 8) & 0xff, 1))
    this.write({ kind: 'tip', time: this.time, height: this.height, prevHash, nbits: this.nbits })
    this.job()
  }

  /** A job by the present distribution. */
  job(): number {
    const job = ++this.#job
    this.#jobs.set(job, this.distribution)
    this.write({
      kind: 'job',
      job,
      time: this.time,
      distributionId: this.distribution?.id ?? 0n,
      isOwn: true,
      value: this.value,
      coinbasePrefix: Uint8Array.of(1),
      coinbaseSuffix: Uint8Array.of(2),
      merklePath: [],
    })
    return job
  }

  /** A share of so many parts of 1,024 of a block. */
  share(
    miner: number,
    parts: number,
    change: { toPool?: bigint; total?: bigint; distributionId?: bigint } = {},
  ): void {
    const networkWork = networkWorkOf(this.nbits)
    this.write({
      kind: 'share',
      time: this.time,
      job: this.#job,
      account: miner,
      worker: 1,
      work: (networkWork * BigInt(parts)) / 1024n,
      networkWork,
      rewardToPool: change.toPool ?? 0n,
      rewardTotal: change.total ?? (change.toPool === undefined ? 0n : this.value),
      distributionId: change.distributionId ?? this.distribution?.id ?? 0n,
      header: new Uint8Array(80),
      extranonce: new Uint8Array(8),
    })
  }

  /** A block on a job, the present one when missing; its hash. */
  block(finder: number, job = this.#job, source: 'share' | 'chain' = 'share'): Uint8Array {
    const distribution = this.#jobs.get(job)
    const number = ++this.#blocks + 1000 * this.node
    const coinbase =
      distribution === undefined
        ? coinbaseWith([{ value: this.value, script: POOL_SCRIPT }], number)
        : coinbaseOf(distribution, this.value, number)
    return this.foundWith(coinbase, { finder, distributionId: distribution?.id ?? 0n, source })
  }

  /** A share of a miner behind a solo door. */
  soloShare(miner: number, parts: number): void {
    this.share(miner, parts, { distributionId: SOLO_PAYOUT })
  }

  /** A block that such a miner found; its hash. */
  soloBlock(
    miner: number,
    source: 'share' | 'chain' = 'share',
    feePpm: bigint = SETTINGS.feePpm,
  ): Uint8Array {
    const number = ++this.#blocks + 1000 * this.node
    const outputs = soloOutputs(scriptOf(miner), { poolScript: POOL_SCRIPT, feePpm }, this.value)
    return this.foundWith(coinbaseWith(outputs, number), {
      finder: source === 'share' ? miner : 0,
      distributionId: source === 'share' ? SOLO_PAYOUT : 0n,
      source,
    })
  }

  foundWith(
    coinbase: Uint8Array,
    found: { readonly finder: number; readonly distributionId: bigint; readonly source?: 'share' | 'chain' },
  ): Uint8Array {
    const { finder, distributionId, source = 'share' } = found
    const header = encodeHeader({
      version: 0x2000_0000,
      prevHash: new Uint8Array(32),
      merkleRoot: sha256d(coinbase),
      ntime: Math.floor(this.time / 1000),
      nbits: this.nbits,
      nonce: 0,
    })
    const hash = sha256d(header)
    const { time, height } = this
    const worker = finder === 0 ? 0 : 1
    this.write({
      kind: 'block',
      time,
      height,
      hash,
      account: finder,
      worker,
      distributionId,
      coinbase,
      header,
      source,
    })
    return hash
  }

  /** The chain has a block on a distribution, and nobody said so. */
  foundAgain(distribution: Distribution): void {
    this.foundWith(coinbaseOf(distribution, this.value, 77), {
      finder: 0,
      distributionId: 0n,
      source: 'chain',
    })
  }

  /** The name of an account has the address of a miner from now on. */
  address(name: string, miner: number, signedAt: number = this.time): void {
    this.write({ kind: 'address', time: this.time, name, script: scriptOf(miner), signedAt, signatures: [] })
  }

  /** The operator's wallet paid a miner by a transaction of this number. */
  payment(number: number, miner: number, value: bigint): void {
    const txid = sha256d(Uint8Array.of(number, 8))
    this.write({ kind: 'payment', time: this.time, txid, paid: [{ account: miner, value }] })
  }

  chain(hash: Uint8Array, confirmations: number): void {
    this.write({ kind: 'chain', time: this.time, hash, confirmations })
  }
}

/** Reads a journal anew. */
export function replay(records: readonly JournalRecord[], settings: Partial<LedgerSettings> = {}): Ledger {
  const ledger = new Ledger({ ...SETTINGS, ...settings })
  for (const [sequence, record] of records.entries()) ledger.handle({ node: 0, entry: { sequence, record } })
  return ledger
}
