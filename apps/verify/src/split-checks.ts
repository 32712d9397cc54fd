import {
  concatBytes,
  decodeHeader,
  displayHash,
  equalBytes,
  headerHash,
  hex,
  meetsTarget,
  nbitsToTarget,
  parseTransaction,
  type TxOutput,
} from '@sv2/bitcoin'
import type { BlockRecord, JobRecord } from '@sv2/journal'
import {
  type Distribution,
  firstPayouts,
  rewardOutputs,
  SOLO_PAYOUT,
  type SoloTerms,
  soloOutputs,
} from '@sv2/roles/payouts'
import type { Findings } from './findings.ts'

export const WRONG_SPLIT = 'The coinbase does not pay what the journal says it has to: the split was changed.'
export const NO_BLOCK = 'A block is booked that is not one.'

/** Whom a coinbase pays that is one miner's alone, and on what terms. */
export interface Alone {
  /** Output script of the account; undefined where the journal does not name it. */
  readonly miner: Uint8Array | undefined
  readonly terms: SoloTerms
}

/** Checks coinbases against the distribution that follows from the journal. */
export class SplitChecks {
  readonly #findings: Findings
  readonly #distributions = new Map<bigint, Distribution>()
  /** Jobs whose coinbase was looked at. */
  readonly #checked = new Set<number>()

  constructor(findings: Findings) {
    this.#findings = findings
  }

  /** Jobs whose coinbase was compared. */
  get jobs(): number {
    return this.#checked.size
  }

  distribution(distribution: Distribution): void {
    this.#distributions.set(distribution.id, distribution)
  }

  /** @param told what the pool says of a distribution; compared when the journal knows it */
  told({
    id,
    payouts,
  }: {
    readonly id: string
    readonly payouts: readonly { script: string; weight: string }[]
  }): void {
    const distribution = this.#distributions.get(BigInt(id))
    if (distribution === undefined) return
    const due = distribution.payouts.map(({ script, weight }) => `${hex(script)} ${weight}`)
    const said = payouts.map(({ script, weight }) => `${script} ${weight}`)
    if (due.join() !== said.join())
      this.#findings.broken(
        WRONG_SPLIT,
        `distribution ${id}, as the pool shows it, is not the one of the journal`,
      )
  }

  /**
   * A job of the pool. Those that miners bring pay what they say, and are credited for that.
   * @param extranonce of a share on the job
   * @param alone who is credited the share
   */
  job(job: JobRecord, extranonce: Uint8Array, alone: Alone): void {
    if (!job.isOwn || job.distributionId === 0n || this.#checked.has(job.job)) return
    this.#checked.add(job.job)
    const coinbase = concatBytes(job.coinbasePrefix, extranonce, job.coinbaseSuffix)
    this.#compare(coinbase, job.distributionId, { ...alone, name: `job ${job.job}` })
  }

  /**
   * @param isOwn the pool made the job that it was found on
   * @param alone who found it
   */
  block(block: BlockRecord, { isOwn, ...alone }: { readonly isOwn: boolean } & Alone): void {
    const name = `block ${block.height}`
    const hash = headerHash(block.header)
    if (!equalBytes(hash, block.hash)) this.#findings.broken(NO_BLOCK, `${name}: its header has another hash`)
    else if (!meetsTarget(hash, nbitsToTarget(decodeHeader(block.header).nbits)))
      this.#findings.broken(NO_BLOCK, `${name}: ${displayHash(hash)} is above the target of the network`)
    if (isOwn && block.distributionId !== 0n)
      this.#compare(block.coinbase, block.distributionId, { ...alone, name })
  }

  #compare(coinbase: Uint8Array, id: bigint, { name, ...alone }: { readonly name: string } & Alone): void {
    if (id === SOLO_PAYOUT) return this.#compareSolo(coinbase, name, alone)
    const distribution = this.#distributions.get(id)
    if (distribution === undefined)
      return this.#findings.broken(
        WRONG_SPLIT,
        `${name}: it follows distribution ${id}, which the journal does not make`,
      )
    const outputs = parseTransaction(coinbase).outputs.filter(({ value }) => value > 0n)
    if (paysAsDue(outputs, distribution)) return
    const total = outputs.reduce((sum, { value }) => sum + value, 0n)
    const due = rewardOutputs(distribution, total).filter(({ value }) => value > 0n)
    for (const [at, { script, value }] of due.entries()) {
      const paid = outputs[at]
      if (paid !== undefined && paid.value === value && equalBytes(paid.script, script)) continue
      const got = outputs
        .filter((output) => equalBytes(output.script, script))
        .reduce((sum, one) => sum + one.value, 0n)
      return this.#findings.broken(
        WRONG_SPLIT,
        `${name}: ${hex(script)} has to get ${value} sat, and gets ${got}`,
      )
    }
    this.#findings.broken(WRONG_SPLIT, `${name}: it pays more outputs than distribution ${id} has`)
  }

  /** A job of a solo door: all of it is its miner's, less the fee. */
  #compareSolo(coinbase: Uint8Array, name: string, { miner, terms }: Alone): void {
    if (miner === undefined)
      return this.#findings.broken(WRONG_SPLIT, `${name}: the journal does not say whom it has to pay`)
    const outputs = parseTransaction(coinbase).outputs.filter(({ value }) => value > 0n)
    const total = outputs.reduce((sum, { value }) => sum + value, 0n)
    const due = soloOutputs(miner, terms, total)
    if (isSame(outputs, due)) return
    const { value } = due.at(-1)!
    const got = outputs
      .filter(({ script }) => equalBytes(script, miner))
      .reduce((sum, one) => sum + one.value, 0n)
    this.#findings.broken(
      WRONG_SPLIT,
      `${name}: ${hex(miner)} mines alone and has to get ${value} sat, and gets ${got}`,
    )
  }
}

/** A coinbase may have room for the first miners alone; the pool then holds what the others are owed. */
function paysAsDue(outputs: readonly TxOutput[], distribution: Distribution): boolean {
  const total = outputs.reduce((sum, { value }) => sum + value, 0n)
  for (let most = Math.max(0, outputs.length - 1); most <= distribution.payouts.length; most++) {
    const due = rewardOutputs(firstPayouts(distribution, most), total).filter(({ value }) => value > 0n)
    if (isSame(outputs, due)) return true
  }
  return false
}

function isSame(outputs: readonly TxOutput[], due: readonly TxOutput[]): boolean {
  return (
    due.length === outputs.length &&
    due.every(
      ({ value, script }, at) => outputs[at]!.value === value && equalBytes(outputs[at]!.script, script),
    )
  )
}
