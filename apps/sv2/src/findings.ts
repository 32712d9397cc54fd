import type { Finding } from './init/check-node.ts'
import type { Terminal } from './terminal.ts'

const MARKS = { fine: 'ok     ', care: 'note   ', wrong: 'WRONG  ' } as const

/** Prints what was found, each line with what to do about it. */
export function printFindings(findings: readonly Finding[], terminal: Pick<Terminal, 'print'>): void {
  for (const { state, what, todo } of findings) {
    terminal.print(`${MARKS[state]}${what}\n`)
    if (todo !== undefined) terminal.print(`${' '.repeat(MARKS[state].length)}→ ${todo}\n`)
  }
}
