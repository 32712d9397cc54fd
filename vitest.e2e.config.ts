import { defineConfig } from 'vitest/config'
import { baseConfig, countingReporters } from './vitest.base.ts'

/** End to end: real processes, real sockets, real files. One file at a time, since each fills two cores. */
export default defineConfig(
  baseConfig({
    include: ['test-e2e/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/*.slow.test.ts'],
    reporters: countingReporters('e2e'),
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 180_000,
  }),
)
