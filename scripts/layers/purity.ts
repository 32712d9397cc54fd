import { build } from 'esbuild'

/**
 * The proof that a module is pure: it bundles for no platform at all. Answers the modules that could not be resolved
 * there, `node:fs` and its like.
 */
export async function unresolvedOnNeutralPlatform(entry: string, root: string): Promise<readonly string[]> {
  const result = await build({
    stdin: { contents: `export * from ${JSON.stringify(entry)}`, resolveDir: root },
    bundle: true,
    write: false,
    platform: 'neutral',
    mainFields: ['module', 'main'],
    conditions: ['@sv2/source', 'import'],
    logLevel: 'silent',
  }).catch((error: unknown) => error as { readonly errors?: readonly { readonly text: string }[] })
  if (result.errors === undefined) throw result
  return result.errors.map(({ text }) => text)
}
