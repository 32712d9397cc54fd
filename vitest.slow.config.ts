import { defineConfig } from 'vitest/config'
import { baseConfig } from './vitest.base.ts'

/** Tests that take minutes: 100,000 channels, long simulations. */
export default defineConfig(
  baseConfig({
    include: [
      '{packages,apps,tools}/*/src/**/*.slow.test.ts',
      'packages/roles/test/**/*.slow.test.ts',
      'test-e2e/**/*.slow.test.ts',
    ],
    exclude: ['**/node_modules/**', '**/dist/**'],
    fileParallelism: false,
    passWithNoTests: true,
    testTimeout: 1_800_000,
    hookTimeout: 180_000,
  }),
)
