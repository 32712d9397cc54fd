import type { Condition, Notice } from './notice.ts'

/** More conditions of one kind that begin or end together are told in one notice. */
const MOST_APART = 5
/** Names that such a notice has. */
const MOST_NAMES = 3

/** Tells of conditions once when they begin and once when they are over, however often they are found. */
export class Notifier {
  readonly #from: string
  readonly #tell: (notice: Notice) => void
  #known = new Map<string, Condition>()

  constructor(from: string, tell: (notice: Notice) => void) {
    this.#from = from
    this.#tell = tell
  }

  /** @param conditions all that hold now; `now` in Unix ms */
  see(conditions: readonly Condition[], now: number): void {
    const seen = new Map(conditions.map((condition) => [`${condition.kind} ${condition.about}`, condition]))
    const fresh = [...seen].filter(([key]) => !this.#known.has(key)).map(([, condition]) => condition)
    const over = [...this.#known].filter(([key]) => !seen.has(key)).map(([, condition]) => condition)
    this.#known = seen
    for (const [state, changed] of [
      ['raised', fresh],
      ['cleared', over],
    ] as const)
      for (const text of texts(changed)) this.#tell({ ...text, state, at: now, from: this.#from })
  }

  /** Tells of something that happened once. */
  happened(kind: Notice['kind'], text: string, now: number): void {
    this.#tell({ kind, state: 'happened', text, at: now, from: this.#from })
  }
}

function texts(conditions: readonly Condition[]): Pick<Notice, 'kind' | 'text'>[] {
  const byKind = new Map<Notice['kind'], Condition[]>()
  for (const condition of conditions)
    byKind.set(condition.kind, [...(byKind.get(condition.kind) ?? []), condition])
  return [...byKind].flatMap(([kind, all]) => {
    if (all.length <= MOST_APART) return all.map(({ text }) => ({ kind, text }))
    const names = all.slice(0, MOST_NAMES).map(({ text }) => text)
    return [{ kind, text: `${names.join('; ')}; and ${all.length - MOST_NAMES} more` }]
  })
}
