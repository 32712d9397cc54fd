import { type App, type BaseConfig, type ConfigProblem, checkConfig } from '@sv2/app-kit'
import { z } from 'zod'

/** A table of a configuration as it was written. */
export type Tree = Readonly<Record<string, unknown>>

/** A role of the process: the section that configures it, and the keys that the head of the file sets for it. */
export interface RoleSection {
  /** Name of the section, `translator_proxy`. */
  readonly name: string
  readonly app: App<BaseConfig>
  /** Dotted paths of keys of the role, each with the key of the file that says it; '' where this program sets it. */
  readonly setBy: Readonly<Record<string, string>>
}

/** The schema of a section: its keys are checked by the role itself. */
export function sectionSchema(role: string) {
  return z
    .record(z.string(), z.unknown())
    .default({})
    .describe(`Settings of the ${role}; --print-default has all of them`)
}

/** A written table, where there is one. */
export function tableAt(tree: Tree, ...path: readonly string[]): Tree {
  let at: unknown = tree
  for (const step of path) at = isTable(at) ? at[step] : undefined
  return isTable(at) ? at : {}
}

/** The configuration of a role, as it would stand in a file of its own. */
export function withSection(section: Tree, fixed: Tree): Record<string, unknown> {
  const merged: Record<string, unknown> = { ...section }
  for (const [key, value] of Object.entries(fixed)) {
    if (value === undefined) continue
    const own = merged[key]
    merged[key] = isTable(own) && isTable(value) ? withSection(own, value) : value
  }
  return merged
}

/** Everything that is wrong with a role's section, in the spelling of the whole file. */
export function sectionProblems(role: RoleSection, written: Tree, whole: Tree): ConfigProblem[] {
  const said = Object.entries(role.setBy).flatMap(([path, by]): ConfigProblem[] => {
    const value = valueAt(tableAt(written, role.name), path)
    if (value === undefined) return []
    const message = by === '' ? 'is set by this program' : `is said once for all roles, by ${by}`
    return [{ key: `${role.name}.${path}`, value: JSON.stringify(value), message }]
  })
  const { problems } = checkConfig(role.app.schema, { tree: { ...whole }, overrides: [] })
  return [...said, ...problems.map((problem) => ({ ...problem, key: keyInFile(role, problem.key) }))]
}

/** A key of a role as the whole file spells it: `payout.address` of the pool is `address`. */
function keyInFile({ name, setBy }: RoleSection, key: string): string {
  const path = Object.keys(setBy).find((each) => key === each || key.startsWith(`${each}.`))
  const by = path === undefined ? undefined : setBy[path]
  if (path === undefined || by === undefined || by === '') return `${name}.${key}`
  return `${by}${key.slice(path.length)}`
}

function valueAt(tree: Tree, path: string): unknown {
  const steps = path.split('.')
  return tableAt(tree, ...steps.slice(0, -1))[steps.at(-1) ?? '']
}

function isTable(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Problems of the head of a file and of its sections, each once: two roles may find the same, and the head speaks first. */
export function together(
  head: readonly ConfigProblem[],
  sections: readonly ConfigProblem[],
): ConfigProblem[] {
  const ofHead = new Set(head.map(({ key }) => key))
  const seen = new Set<string>()
  const others = sections.filter(({ key, message }) => {
    const name = `${key}\n${message}`
    if (ofHead.has(key) || seen.has(name)) return false
    seen.add(name)
    return true
  })
  return [...head, ...others]
}
