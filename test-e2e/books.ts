import { addressToScript, hex, parseBlock, unhex } from '@sv2/bitcoin'
import { expect } from 'vitest'

/** A block in the books of a pool, as its API tells it. */
export interface BookedBlock {
  readonly hash: string
  readonly height: number | null
  readonly state: 'found' | 'pending' | 'confirmed' | 'orphaned'
  readonly total_sat: number
  readonly fee_sat: number
}

interface Earning {
  readonly hash: string
  readonly state: string
  readonly earned_sat: number
  readonly paid_sat: number
}

/** An output of a coinbase. */
export interface Paid {
  /** Output script, hex. */
  readonly script: string
  /** Satoshi. */
  readonly value: number
}

/** What is read, and what it is read from. */
export interface BooksSource {
  /** Where the pool's API is. */
  readonly apiPort: number
  /** A block of the node, serialized, hex. */
  readonly rawBlock: (hash: string) => Promise<unknown>
  readonly poolAddress: string
  readonly feePpm: number
}

/** The books of a paying pool, held against the coinbases that a node has. */
export class Books {
  readonly #source: BooksSource

  constructor(source: BooksSource) {
    this.#source = source
  }

  async blocks(): Promise<readonly BookedBlock[]> {
    return (await this.#get<{ items: BookedBlock[] }>('blocks?limit=100')).items
  }

  async earnings(account: string): Promise<readonly Earning[]> {
    return (await this.#get<{ items: Earning[] }>(`accounts/${account}/earnings?limit=100`)).items
  }

  /** What the coinbase of a block pays, in the order of its outputs, without those of no value. */
  async paidBy(hash: string): Promise<readonly Paid[]> {
    const block = parseBlock(unhex(String(await this.#source.rawBlock(hash))))
    return block.transactions[0]!.outputs.filter(({ value }) => value > 0n).map(({ script, value }) => ({
      script: hex(script),
      value: Number(value),
    }))
  }

  /**
   * Each of these blocks pays the pool first and nobody but these accounts, to the satoshi what the books say, and the fee
   * exactly. Answers how many of them pay all accounts.
   */
  async expectBooked(blocks: readonly BookedBlock[], accounts: readonly string[]): Promise<number> {
    const { poolAddress, feePpm } = this.#source
    const earnings = await Promise.all(accounts.map((account) => this.earnings(account)))
    let withAll = 0
    for (const { hash, total_sat, fee_sat } of blocks) {
      const paid = await this.paidBy(hash)
      const to = (address: string) => paid.find(({ script }) => script === scriptHex(address))?.value ?? 0
      const toMiners = accounts.map(to)
      expect(paid[0]?.script).toBe(scriptHex(poolAddress))
      expect(new Set(paid.map(({ script }) => script)).size).toBe(paid.length)
      expect(sum(paid.map(({ value }) => value))).toBe(total_sat)
      expect(to(poolAddress) + sum(toMiners)).toBe(total_sat)
      expect(fee_sat).toBe(Math.floor((total_sat * feePpm) / 1_000_000))
      const earned = earnings.map((items) => items.find((one) => one.hash === hash))
      expect(earned.map((one) => one?.paid_sat ?? 0)).toEqual(toMiners)
      if (earned.some((one) => one !== undefined))
        expect(sum(earned.map((one) => one?.earned_sat ?? 0))).toBe(total_sat - fee_sat)
      if (toMiners.every((value) => value > 0)) withAll++
    }
    return withAll
  }

  async #get<T>(path: string): Promise<T> {
    const answer = await fetch(`http://127.0.0.1:${this.#source.apiPort}/api/v1/${path}`)
    expect(answer.status).toBe(200)
    return (await answer.json()) as T
  }
}

/** Output script of an address of regtest, hex. */
export function scriptHex(address: string): string {
  return hex(addressToScript(address, 'regtest'))
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0)
}
