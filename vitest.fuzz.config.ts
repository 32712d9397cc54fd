import { defineConfig } from 'vitest/config'
import { baseConfig } from './vitest.base.ts'

/** Mutation fuzzing with a large budget. */
export default defineConfig(
  baseConfig({
    include: [
      '{packages,apps,tools}/*/src/**/*.fuzz.ts',
      'packages/roles/test/**/*.fuzz.ts',
      'test-e2e/**/*.fuzz.ts',
      'bench/**/*.fuzz.ts',
    ],
    exclude: ['**/node_modules/**', '**/dist/**'],
    passWithNoTests: true,
    testTimeout: 3_600_000,
  }),
)
