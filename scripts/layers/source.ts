import { transformSync } from 'esbuild'

/** One file of the project, as the rules see it. */
export interface Source {
  /** Path from the root, with `/`. */
  readonly path: string
  readonly text: string
  /** Every module it imports, types too. */
  readonly imports: readonly string[]
  /** The modules that are still imported when it runs. */
  readonly runtimeImports: readonly string[]
  /** Its code without comments and types. */
  readonly code: string
  /** Which of the given globals it uses as globals: not as property, local or word in a text. */
  readonly globals: readonly string[]
}

const importing =
  /(?:^|[\s;}])(?:import|export)\b[^'"`;]*?\bfrom\s*["']([^"']+)["']|(?:^|[\s;}=(])import\s*\(?\s*["']([^"']+)["']/g

/** Reads a file; `globals` are the names to look for, `Math.random` or `process`. */
export function readSource(path: string, text: string, globals: readonly string[]): Source {
  const marks = new Map(globals.map((name) => [name, `__global_${name.replace('.', '_')}__`]))
  const { code } = transformSync(text, {
    loader: 'ts',
    format: 'esm',
    target: 'esnext',
    legalComments: 'none',
    define: Object.fromEntries(marks),
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
  })
  return {
    path,
    text,
    imports: specifiers(text),
    runtimeImports: specifiers(code),
    code,
    globals: globals.filter((name) => code.includes(marks.get(name) ?? '')),
  }
}

function specifiers(code: string): readonly string[] {
  return [...code.matchAll(importing)].map(([, from, bare]) => from ?? bare ?? '')
}
