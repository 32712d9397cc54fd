import { equalBytes } from '@sv2/bitcoin'
import type { Millis } from '../ground/role.ts'
import { type Handout, type SolvableTemplate, solvable } from './template.ts'

/** What is known of a template that was handed out, as long as a client may find a block on it. */
export interface KeptTemplate {
  readonly template: SolvableTemplate
  /** Its coinbase commits to witnesses. */
  readonly segwit: boolean
}

interface Kept extends KeptTemplate {
  /** When it stopped being handed out; such templates are dropped first. */
  superseded: Millis | undefined
}

/** How long a superseded template is kept beyond its tips, ms: a solution takes a moment to arrive. */
const KEEP_SUPERSEDED_MS = 60_000
/** Memory of a template besides its transactions: what points to one of them, and the rest. */
const BYTES = { perTransaction: 8, perHash: 120, rest: 1_000 }

/**
 * The templates handed out for the present tip and the one before, oldest first, for solutions and requests to come
 * (TP-05). A client that has one may work on it until the tip after the next, so that a block can be made of each of
 * them; only a budget of memory ends one sooner. A transaction that several have is counted once.
 */
export class Handouts {
  readonly #budgetBytes: number
  readonly #kept = new Map<bigint, Kept>()
  /** How many templates have a transaction. */
  readonly #uses = new Map<Uint8Array, number>()
  #bytes = 0
  #tip: Uint8Array | undefined
  #before: Uint8Array | undefined

  /** @param earlier of an earlier run, oldest first */
  constructor(budgetBytes: number, earlier: readonly SolvableTemplate[] = []) {
    this.#budgetBytes = budgetBytes
    for (const template of earlier) this.#add({ template, segwit: true, superseded: 0 })
  }

  get size(): number {
    return this.#kept.size
  }

  /** Memory of all of them. */
  get bytes(): number {
    return this.#bytes
  }

  get(templateId: bigint): KeptTemplate | undefined {
    return this.#kept.get(templateId)
  }

  add(handout: Handout): void {
    this.#add({ template: solvable(handout), segwit: handout.node.segwit, superseded: undefined })
  }

  /** The template is not handed out any more. */
  supersede(templateId: bigint, now: Millis): void {
    const kept = this.#kept.get(templateId)
    if (kept !== undefined) kept.superseded ??= now
  }

  /** Newer templates take the place of all there are. Those that build neither on their tip nor on the one before end soon. */
  supersedeAll(tip: Uint8Array, now: Millis): void {
    for (const kept of this.#kept.values()) kept.superseded ??= now
    if (this.#tip === undefined || !equalBytes(this.#tip, tip)) {
      this.#before = this.#tip
      this.#tip = tip
    }
    // the tip of an earlier run is not known
    const before = this.#before
    if (before === undefined) return
    for (const { template, superseded = now } of [...this.#kept.values()]) {
      const isLive = equalBytes(template.prevHash, tip) || equalBytes(template.prevHash, before)
      if (!isLive && now - superseded > KEEP_SUPERSEDED_MS) this.#drop(template)
    }
  }

  /** Drops the oldest ones that are not handed out any more, until the rest is within the budget; answers which. */
  trim(): readonly bigint[] {
    const dropped: bigint[] = []
    if (this.#bytes <= this.#budgetBytes) return dropped
    for (const { template, superseded } of [...this.#kept.values()]) {
      if (this.#bytes <= this.#budgetBytes) break
      if (superseded === undefined) continue
      this.#drop(template)
      dropped.push(template.templateId)
    }
    return dropped
  }

  #add(kept: Kept): void {
    const { template } = kept
    this.#kept.set(template.templateId, kept)
    this.#bytes += ownBytes(template)
    for (const data of template.transactions) {
      const uses = this.#uses.get(data) ?? 0
      this.#uses.set(data, uses + 1)
      if (uses === 0) this.#bytes += data.length
    }
  }

  #drop(template: SolvableTemplate): void {
    this.#kept.delete(template.templateId)
    this.#bytes -= ownBytes(template)
    for (const data of template.transactions) {
      const uses = this.#uses.get(data) ?? 1
      if (uses > 1) this.#uses.set(data, uses - 1)
      else {
        this.#uses.delete(data)
        this.#bytes -= data.length
      }
    }
  }
}

function ownBytes({ transactions, merklePath }: SolvableTemplate): number {
  return transactions.length * BYTES.perTransaction + merklePath.length * BYTES.perHash + BYTES.rest
}
