import { equalBytes, type Sha256d } from '@sv2/bitcoin'
import type { NodeTemplate } from '../ground/node-template.ts'
import { type Millis, NEVER } from '../ground/role.ts'
import { Handouts, type KeptTemplate } from './handouts.ts'
import { fitsRoom, type Reserve } from './selection.ts'
import { type Handout, makeHandout, type SolvableTemplate } from './template.ts'

/** When the fees are worth a new template. */
export interface FeeRule {
  /** Rise of the fees, in satoshi, that is worth a new template on the same tip (TP-03). */
  readonly feeThreshold: bigint
  /** Fee updates come no closer together than this; a new tip never waits. */
  readonly minIntervalMs: number
}

/** How templates are made and kept. */
export interface TemplatesSettings extends FeeRule {
  /** Greater than every id of an earlier run of this provider (TP-12). */
  readonly firstTemplateId: bigint
  /** Of an earlier run: clients may still find a block on them. */
  readonly earlier?: readonly SolvableTemplate[]
  /** Memory for the templates that clients may find a block on; the oldest end when it is full. */
  readonly keptBytes: number
}

/** What a client's next template has to be like. */
export interface Wanted {
  readonly reserve: Reserve
  readonly futureTemplate: boolean
  /** Its id is greater than this one, which the client had last (TP-12). */
  readonly after: bigint
}

/** `full`: the transactions are there, after a template without any. `room`: a client needs more of it than the last had. */
export type PublishReason = 'tip' | 'full' | 'fees' | 'room'

/** The node's newest template, and what was made of it: one template for all clients that want the same. */
export class Templates {
  readonly #rule: FeeRule
  readonly #sha256d: Sha256d
  readonly #handouts: Handouts
  /** Made of what is published now, by what was wanted. */
  #current = new Map<string, Handout>()
  #templateId: bigint
  #newest: NodeTemplate | undefined
  #published: NodeTemplate | undefined
  #publishedAt: Millis = 0

  constructor(settings: TemplatesSettings, deps: { readonly sha256d: Sha256d }) {
    this.#rule = settings
    this.#handouts = new Handouts(settings.keptBytes, settings.earlier)
    this.#sha256d = deps.sha256d
    this.#templateId = settings.firstTemplateId
  }

  /** What clients are served from; undefined before the node's first template. */
  get published(): NodeTemplate | undefined {
    return this.#published
  }

  /** How many templates are kept, and their memory in bytes. */
  get kept(): { readonly count: number; readonly bytes: number } {
    return { count: this.#handouts.size, bytes: this.#handouts.bytes }
  }

  /** Ends the oldest templates where there are too many; answers which. */
  trim(): readonly bigint[] {
    return this.#handouts.trim()
  }

  /** When the fees, which have risen enough, may be published; `NEVER` when they have not. */
  nextDeadline(): Millis {
    return this.#feesRose() ? this.#publishedAt + this.#rule.minIntervalMs : NEVER
  }

  /** Takes the node's template. Answers why it was published, if it was. */
  update(template: NodeTemplate, now: Millis): PublishReason | undefined {
    const published = this.#published
    const isMore = published !== undefined && isSameBase(published, template)
    // what follows a whole template has nothing new
    if (isMore && template.isProvisional === true) return undefined
    this.#newest = template
    if (isMore && published.isProvisional !== true && hasRoomOf(template, published))
      return this.updateFees(now)
    this.#publish(template, now)
    if (!isMore) return 'tip'
    return published.isProvisional === true ? 'full' : 'room'
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

  /** No client wants templates for this reserve any more. */
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
  get(templateId: bigint): KeptTemplate | undefined {
    return this.#handouts.get(templateId)
  }

  /** It builds on another tip than the present one. */
  isStale({ template }: KeptTemplate): boolean {
    return this.#published !== undefined && !equalBytes(template.prevHash, this.#published.prevHash)
  }

  #feesRose(): boolean {
    if (this.#newest === undefined || this.#published === undefined) return false
    return this.#newest.coinbaseValue - this.#published.coinbaseValue >= this.#rule.feeThreshold
  }

  #publish(template: NodeTemplate, now: Millis): void {
    this.#handouts.supersedeAll(template.prevHash, now)
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

/** Whether a template needs no more room than the one before left. */
function hasRoomOf({ made }: NodeTemplate, before: NodeTemplate): boolean {
  return made === undefined || (before.made !== undefined && fitsRoom(before.made.room, made.room))
}

/** Reserves with the same key get the same templates. */
export function reserveKey(reserve: Reserve): string {
  return `${reserve.outputSize}/${reserve.outputSigops}`
}
