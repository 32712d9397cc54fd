import { defineConfig } from 'vitest/config'
import { baseConfig, countingReporters } from './vitest.base.ts'

/** The default suite: unit, property, conformance and simulation tests. */
export default defineConfig(
  baseConfig({
    include: [
      'packages/*/src/**/*.test.ts',
      'packages/roles/test/**/*.test.ts',
      'apps/*/src/**/*.test.ts',
      'tools/*/src/**/*.test.ts',
      'bench/src/**/*.test.ts',
      'scripts/**/*.test.ts',
    ],
    exclude: ['**/node_modules/**', '**/dist/**', '**/*.slow.test.ts'],
    reporters: countingReporters('unit'),
    testTimeout: 20_000,
  }),
)
