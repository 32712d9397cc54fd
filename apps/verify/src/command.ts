import { VERSION } from '@sv2/app-kit'
import { Command } from 'commander'
import type { Finding } from './findings.ts'
import { httpSource } from './pool-source.ts'
import { verify } from './verify.ts'

const MARKS = { holds: 'ok      ', broken: 'BROKEN  ', note: '        ' } as const

/** Where the command says what it found. */
export interface VerifyOutput {
  print(line: string): void
  /** 0: everything holds; 1: something does not. */
  exit(code: 0 | 1): void
}

/** The command line of `sv2-verify`. */
export function verifyCommand(output: VerifyOutput): Command {
  return new Command('sv2-verify')
    .description('Checks the books of a pool: its journal, its shares, and what its coinbases pay')
    .version(VERSION)
    .requiredOption('--pool <url>', 'address of its API, such as http://pool.example:9090')
    .requiredOption('--account <name>', 'your account: the address, or name, that you mine with')
    .option('--block <hash|height>', 'look at one block; all blocks when missing')
    .option('--node <url>', 'JSON-RPC address of your own node: blocks are compared with the chain')
    .option('--cookie <file>', "your node's .cookie file")
    .option('--sample <n>', 'shares whose coinbase is looked at, drawn at random', wholeNumber, 1_000)
    .option('--shares <file>', 'header hashes of your shares, one a line: none of them may be missing')
    .option('--state <file>', 'remember the roots in a file: the pool cannot rewrite what you saw before')
    .option('--json', 'print what was found as JSON')
    .action(async (options: Options) => {
      const found = await verify(httpSource(options.pool), options)
      if (options.json === true) output.print(JSON.stringify(found, null, 2))
      else for (const finding of found) output.print(lineOf(finding))
      output.exit(found.some(({ state }) => state === 'broken') ? 1 : 0)
    })
}

interface Options {
  readonly pool: string
  readonly account: string
  readonly block?: string
  readonly node?: string
  readonly cookie?: string
  readonly sample: number
  readonly shares?: string
  readonly state?: string
  readonly json?: true
}

function lineOf({ state, text }: Finding): string {
  return `${MARKS[state]}${text.replaceAll('\n', `\n${' '.repeat(MARKS[state].length)}`)}`
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`--sample ${text}: a whole number from 0`)
  return Number(text)
}
