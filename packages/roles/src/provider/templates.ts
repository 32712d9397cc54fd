import { equalBytes, type Sha256d } from '@sv2/bitcoin'
import type { Millis } from '../role.ts'
import { Handouts } from './handouts.ts'
import type { NodeTemplate } from './node-template.ts'
import type { Reserve } from './selection.ts'
import { type Handout, makeHandout } from './template.ts'

/** When the fees are worth a new template. */
export interface FeeRule {
  /** Rise of the fees, in satoshi, that is worth a new template on the same tip (TP-03). */
  readonly feeThreshold: bigint
  /** Fee updates come no closer together than this; a new tip never waits. */
  readonly minIntervalMs: number
}

/** What a client's next template has to be like. */
export interface Wanted {
  readonly reserve: Reserve
  readonly futureTemplate: boolean
  /** Its id is greater than this one, which the client had last (TP-12). */
  readonly after: bigint
}

/** The node's newest template, and what was made of it: one template for all clients that want the same. */
export class Templates {
  readonly #rule: FeeRule
  readonly #sha256d: Sha256d
  readonly #handouts = new Handouts()
  /** Made of what is published now, by what was wanted. */
  #current = new Map<string, Handout>()
  #templateId: bigint
  #newest: NodeTemplate | undefined
  #published: NodeTemplate | undefined
  #publishedAt: Millis = 0

  constructor(settings: FeeRule & { readonly firstTemplateId: bigint }, deps: { readonly sha256d: Sha256d }) {
    this.#rule = settings
    this.#sha256d = deps.sha256d
    this.#templateId = settings.firstTemplateId
  }

  /** What clients are served from; undefined before the node's first template. */
  get published(): NodeTemplate | undefined {
    return this.#published
  }

  /** How many templates are kept. */
  get size(): number {
    return this.#handouts.size
  }

  /** When the fees, which have risen enough, may be published; undefined when they have not. */
  get feesDue(): Millis | undefined {
    return this.#feesRose() ? this.#publishedAt + this.#rule.minIntervalMs : undefined
  }

  /** Takes the node's template. Answers why it was published, if it was. */
  update(template: NodeTemplate, now: Millis): 'tip' | 'fees' | undefined {
    this.#newest = template
    if (this.#published !== undefined && isSameBase(this.#published, template)) return this.updateFees(now)
    this.#publish(template, now)
    return 'tip'
  }

  /** Publishes risen fees when their time has come. */
  updateFees(now: Millis): 'fees' | undefined {
    if (this.#newest === undefined || !this.#feesRose()) return undefined
    if (now < this.#publishedAt + this.#rule.minIntervalMs) return undefined
    this.#publish(this.#newest, now)
    return 'fees'
  }

  /** A template of what is published now. */
  make(node: NodeTemplate, wanted: Wanted, now: Millis): Handout {
    const { reserve, futureTemplate } = wanted
    const key = `${reserveKey(reserve)}/${futureTemplate}`
    const known = this.#current.get(key)
    if (known !== undefined && known.message.templateId > wanted.after) return known
    this.#templateId++
    const handout = makeHandout(node, reserve, {
      templateId: this.#templateId,
      futureTemplate,
      sha256d: this.#sha256d,
    })
    if (known !== undefined) this.#handouts.supersede(known.message.templateId, now)
    this.#current.set(key, handout)
    this.#handouts.add(handout)
    return handout
  }

  /** Nobody wants templates for this reserve any more. */
  retire(reserve: Reserve, now: Millis): void {
    for (const futureTemplate of [true, false]) {
      const key = `${reserveKey(reserve)}/${futureTemplate}`
      const handout = this.#current.get(key)
      if (handout === undefined) continue
      this.#current.delete(key)
      this.#handouts.supersede(handout.message.templateId, now)
    }
  }

  /** A template handed out that is still kept. */
  get(templateId: bigint): Handout | undefined {
    return this.#handouts.get(templateId)
  }

  /** It builds on another tip than the present one. */
  isStale(handout: Handout): boolean {
    return this.#published !== undefined && !equalBytes(handout.node.prevHash, this.#published.prevHash)
  }

  #feesRose(): boolean {
    if (this.#newest === undefined || this.#published === undefined) return false
    return this.#newest.coinbaseValue - this.#published.coinbaseValue >= this.#rule.feeThreshold
  }

  #publish(template: NodeTemplate, now: Millis): void {
    this.#handouts.supersedeAll(now)
    this.#current = new Map()
    this.#published = template
    this.#publishedAt = now
  }
}

/**
 * Whether work on one template goes on with the other: same previous block, same target, and no header time that the
 * other forbids. On test networks the target becomes easy on the same tip, 20 minutes after it.
 */
export function isSameBase(told: NodeTemplate, template: NodeTemplate): boolean {
  return (
    equalBytes(told.prevHash, template.prevHash) &&
    told.nbits === template.nbits &&
    template.mintime <= Math.max(told.curtime, told.mintime)
  )
}

/** Reserves with the same key get the same templates. */
export function reserveKey(reserve: Reserve): string {
  return `${reserve.outputSize}/${reserve.outputSigops}`
}
