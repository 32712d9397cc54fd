#!/usr/bin/env node
import { EXIT } from '@sv2/app-kit'
import { keysCommand } from './command.ts'

try {
  await keysCommand((text) => process.stdout.write(`${text}\n`)).parseAsync()
} catch (error) {
  process.stderr.write(`sv2-keys: ${(error as Error).message}\n`)
  process.exitCode = EXIT.config
}
