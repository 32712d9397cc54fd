import { resolve } from 'node:path'
import type { ViteUserConfig } from 'vitest/config'
import { ConformanceReporter } from './scripts/conformance-reporter.ts'

/** `import` and `require` are added where each belongs: with both of them everywhere, CommonJS would get modules. */
const conditions = ['@sv2/source', 'node']

/** What all our vitest runs share: sources without a build, and no test that prints. */
export function baseConfig(test: NonNullable<ViteUserConfig['test']>): ViteUserConfig {
  return {
    resolve: { conditions },
    ssr: { resolve: { conditions, externalConditions: conditions } },
    test: { setupFiles: [resolve(import.meta.dirname, 'scripts/fail-on-console.ts')], ...test },
  }
}

/** The reporters of a run whose results count: the usual one, and the one that notes which requirements are proven. */
export function countingReporters(part: string): ['default', ConformanceReporter] {
  return ['default', new ConformanceReporter(part)]
}
