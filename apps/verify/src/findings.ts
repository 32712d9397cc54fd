/** What a check came to, in words for a miner. */
export interface Finding {
  /** `note`: it says something, and proves nothing. */
  readonly state: 'holds' | 'broken' | 'note'
  readonly text: string
}

/** Faults of one kind that are told one by one; of further ones the number is told. */
const MOST_TOLD = 5

/** Gathers what the checks come to. */
export class Findings {
  readonly #faults = new Map<string, { count: number; readonly told: string[] }>()
  readonly #others: Finding[] = []

  /** @param kind what is wrong with all of its kind, as a sentence */
  broken(kind: string, detail: string): void {
    const known = this.#faults.get(kind)
    if (known === undefined) this.#faults.set(kind, { count: 1, told: [detail] })
    else {
      known.count++
      if (known.told.length < MOST_TOLD) known.told.push(detail)
    }
  }

  holds(text: string): void {
    this.#others.push({ state: 'holds', text })
  }

  note(text: string): void {
    this.#others.push({ state: 'note', text })
  }

  /** None of these kinds was found broken. */
  areAllWhole(...kinds: readonly string[]): boolean {
    return kinds.every((kind) => !this.#faults.has(kind))
  }

  /** Faults first. */
  all(): Finding[] {
    const faults = [...this.#faults].map(([kind, { count, told }]): Finding => {
      const more = count > told.length ? `\n  … and ${count - told.length} more` : ''
      return { state: 'broken', text: `${kind}\n${told.map((detail) => `  ${detail}`).join('\n')}${more}` }
    })
    return [...faults, ...this.#others]
  }
}
