#!/usr/bin/env node
import { EXIT } from '@sv2/app-kit'
import { verifyCommand } from './command.ts'

try {
  await verifyCommand({
    print: (text) => process.stdout.write(`${text}\n`),
    exit: (code) => {
      process.exitCode = code
    },
  }).parseAsync()
} catch (error) {
  process.stderr.write(`sv2-verify: ${(error as Error).message}\n`)
  process.exitCode = EXIT.config
}
