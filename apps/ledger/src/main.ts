#!/usr/bin/env node
import { ConfigError, EXIT, formatProblem } from '@sv2/app-kit'
import { ledgerCommand } from './command.ts'

try {
  await ledgerCommand((text) => process.stdout.write(`${text}\n`), process.env).parseAsync()
} catch (error) {
  const lines = error instanceof ConfigError ? error.problems.map(formatProblem) : [(error as Error).message]
  for (const line of lines) process.stderr.write(`sv2-ledger: ${line}\n`)
  process.exitCode = EXIT.config
}
