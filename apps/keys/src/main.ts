#!/usr/bin/env node
import { EXIT } from '@sv2/runtime'
import { keysCommand } from './command.ts'

try {
  keysCommand((text) => process.stdout.write(`${text}\n`)).parse()
} catch (error) {
  process.stderr.write(`sv2-keys: ${(error as Error).message}\n`)
  process.exitCode = EXIT.config
}
