import { relative } from 'node:path'
import type { Reporter, TestCase, TestModule } from 'vitest/node'
import { type Claim, isClaim } from './conformance/claim.ts'
import { writeResult } from './conformance/results.ts'

/** A vitest reporter that notes what the tests claim to prove, and which did not run. */
export class ConformanceReporter implements Reporter {
  readonly #part: string

  /** `part` names the run, `unit` or `e2e`. */
  constructor(part: string) {
    this.#part = part
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()])
    writeResult(this.#part, {
      claims: tests.filter(({ name }) => isClaim(name)).map(claimOf),
      skipped: tests.filter((test) => test.result().state === 'skipped').map(whereAndWhy),
    })
  }
}

function claimOf(test: TestCase): Claim {
  const { state } = test.result()
  // a test that is expected to fail passes by failing: that proves nothing
  if (test.options.fails === true) return { title: test.name, state: 'failed' }
  return { title: test.name, state: state === 'pending' ? 'skipped' : state }
}

function whereAndWhy(test: TestCase): string {
  return `${relative(process.cwd(), test.module.moduleId)}: ${test.fullName}`
}
