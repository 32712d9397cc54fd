/** The editions a requirement belongs to, as the reference writes them: both, current, draft. */
export type EditionLetter = 'B' | 'C' | 'D'

export type EditionName = 'current' | 'draft'

/** One line of the role checklist. */
export interface Requirement {
  readonly editions: EditionLetter
  /** `M` must, `S` should, `m` may, `r` a plain statement that implementations rely on. */
  readonly level: string
  readonly text: string
}

/** The checklist by id, `POOL-21`. */
export type Requirements = Readonly<Record<string, Requirement>>

const row = /^\| ([A-Z]{2,4}-\d{2}) \| ([BCD]) \| ([MSmr]) \| (.+) \|$/gm

/** Reads the role checklist (docs/wire.md §9) out of the wire reference. */
export function parseRequirements(reference: string): Requirements {
  const rows = [...reference.matchAll(row)].map(
    ([, id = '', editions, level = '', text = '']) =>
      [id, { editions: editions as EditionLetter, level, text }] as const,
  )
  const requirements = Object.fromEntries(rows)
  if (Object.keys(requirements).length !== rows.length) throw new Error('the reference names an id twice')
  return requirements
}

/** The editions a requirement has to be proven in. */
export function editionsOf(requirement: Requirement): readonly EditionName[] {
  if (requirement.editions === 'B') return ['current', 'draft']
  return requirement.editions === 'C' ? ['current'] : ['draft']
}
