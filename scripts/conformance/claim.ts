import { type EditionName, editionsOf, type Requirements } from './requirements.ts'

/** What a test says it proves, by its title, and how it ended. */
export interface Claim {
  readonly title: string
  readonly state: 'passed' | 'failed' | 'skipped'
}

/** `open`: no test that passed claims it. */
export type Standing = 'proven' | 'failing' | 'open'

/** Per id its standing in each edition it belongs to. */
export type Conformance = Readonly<Record<string, Partial<Record<EditionName, Standing>>>>

/** Proposals and hash functions are written like ids. */
const looksLikeClaim = /^(?!BIP|SHA)[A-Z]{2,4}-\d/
const form = /^([A-Z]{2,4}-\d{2}(?:, [A-Z]{2,4}-\d{2})*) \((current|draft|current, draft)\): ./

/** True for a title that starts with an id, rightly written or not. */
export function isClaim(title: string): boolean {
  return looksLikeClaim.test(title)
}

/**
 * Judges what the claims prove. Proven means: at least one test that claims it passed and none failed; a skipped
 * test proves nothing. `problems` lists the titles that claim what does not exist.
 */
export function judge(
  requirements: Requirements,
  claims: readonly Claim[],
): { readonly conformance: Conformance; readonly problems: readonly string[] } {
  const problems = new Set<string>()
  const states = new Map<string, Set<Claim['state']>>()
  for (const { title, state } of claims) {
    const [, ids, editions] = form.exec(title) ?? []
    if (ids === undefined || editions === undefined) {
      problems.add(`"${title}": a claim reads \`ID[, ID] (current[, draft]): what is proven\``)
      continue
    }
    for (const id of ids.split(', ')) {
      for (const edition of editions.split(', ') as EditionName[]) {
        const problem = whyNotClaimable(requirements, id, edition)
        if (problem !== undefined) problems.add(`"${title}": ${problem}`)
        const key = `${id} ${edition}`
        states.set(key, (states.get(key) ?? new Set()).add(state))
      }
    }
  }
  const conformance = Object.fromEntries(
    Object.entries(requirements).map(([id, requirement]) => [
      id,
      Object.fromEntries(
        editionsOf(requirement).map((edition) => [edition, standing(states.get(`${id} ${edition}`))]),
      ),
    ]),
  )
  return { conformance, problems: [...problems] }
}

function whyNotClaimable(requirements: Requirements, id: string, edition: EditionName): string | undefined {
  const requirement = requirements[id]
  if (requirement === undefined) return `there is no requirement ${id}`
  if (!editionsOf(requirement).includes(edition)) return `${id} does not belong to the ${edition} edition`
  return undefined
}

function standing(states: ReadonlySet<Claim['state']> | undefined): Standing {
  if (states?.has('failed')) return 'failing'
  return states?.has('passed') ? 'proven' : 'open'
}
