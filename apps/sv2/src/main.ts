#!/usr/bin/env node
import { homedir, userInfo } from 'node:os'
import { createInterface } from 'node:readline/promises'
import { ConfigError, EXIT, formatProblem } from '@sv2/app-kit'
import { sv2Command } from './command.ts'

const lines = { input: process.stdin, output: process.stdout }

try {
  await sv2Command({
    print: (text) => process.stdout.write(text),
    isInteractive: process.stdout.isTTY === true,
    home: process.env.HOME ?? homedir(),
    platform: process.platform,
    env: process.env,
    async ask(question) {
      const reader = createInterface(lines)
      try {
        return (await reader.question(question)).trim()
      } finally {
        reader.close()
      }
    },
    exit: (code) => {
      process.exitCode = code
    },
    program: {
      node: process.execPath,
      nodeVersion: process.versions.node,
      file: process.argv[1] ?? '',
      folder: process.cwd(),
      user: userInfo().username,
    },
  }).parseAsync()
} catch (error) {
  const problems =
    error instanceof ConfigError ? error.problems.map(formatProblem) : [(error as Error).message]
  for (const problem of problems) process.stderr.write(`sv2: ${problem}\n`)
  process.exitCode = EXIT.config
}
