import { parse } from 'smol-toml'

/** A value from the environment: where it belongs, and both ways to read it. */
export interface EnvironmentOverride {
  readonly variable: string
  readonly path: readonly string[]
  readonly text: string
}

/**
 * The overrides in an environment: `POOL__LISTEN__0__PORT=3334` is `listen.0.port`. Numbered steps are places in a
 * list, so nothing depends on the order of names.
 */
export function overridesIn(
  env: Readonly<Record<string, string | undefined>>,
  prefix: string,
): EnvironmentOverride[] {
  const start = `${prefix}__`
  const overrides: EnvironmentOverride[] = []
  for (const variable of Object.keys(env).sort()) {
    const text = env[variable]
    if (!variable.startsWith(start) || text === undefined) continue
    overrides.push({ variable, path: variable.slice(start.length).toLowerCase().split('__'), text })
  }
  return overrides
}

/** Writes a value into a tree of tables and lists, making what is missing. */
export function setAt(tree: Record<string, unknown>, path: readonly string[], value: unknown): void {
  let at: Record<string, unknown> = tree
  path.forEach((step, depth) => {
    if (depth === path.length - 1) {
      at[step] = value
      return
    }
    const next = at[step]
    if (typeof next === 'object' && next !== null) at = next as Record<string, unknown>
    else {
      const made: unknown = /^\d+$/.test(path[depth + 1]!) ? [] : {}
      at[step] = made
      at = made as Record<string, unknown>
    }
  })
}

/** What a text means as a TOML value: `3`, `true`, `["a"]`; anything else is the text itself. */
export function tomlValue(text: string): unknown {
  try {
    return parse(`value = ${text}`).value
  } catch {
    return text // not a TOML value, so it is meant as a plain string
  }
}
