import { appCommand, VERSION } from '@sv2/app-kit'
import { keysCommand } from '@sv2/keys'
import { ledgerCommand } from '@sv2/ledger'
import { pool } from '@sv2/pool'
import { verifyCommand } from '@sv2/verify'
import { Argument, Command } from 'commander'
import { completion, SHELLS, type Shell } from './completion.ts'
import { deployCommand } from './deploy/command.ts'
import { doctor } from './doctor/doctor.ts'
import { farm } from './farm/farm.ts'
import { printFindings } from './findings.ts'
import { initCommand } from './init/command.ts'
import { pagesUrl } from './running-pool.ts'
import { status } from './status.ts'
import type { Terminal } from './terminal.ts'
import { UP_FILE, up } from './up.ts'
import { loadUp, poolTree } from './up-config.ts'

/** The command line of `sv2`. */
export function sv2Command(terminal: Terminal): Command {
  const print = (line: string): void => terminal.print(`${line}\n`)
  const poolConfig = (file = UP_FILE) => {
    const { tree } = loadUp({ file, env: terminal.env, prefix: 'SV2_UP' }, 'info')
    return pool.schema.parse(poolTree(tree))
  }
  const command = new Command('sv2')
    .description(
      'A Stratum V2 stack: pool and solo mining on your own Bitcoin node, for miners of both versions of Stratum',
    )
    .version(VERSION)
    .addHelpText(
      'after',
      `
Examples:
  sv2 init && sv2 up                 asks what it has to know, then mines
  sv2 init --yes --address bc1q…     the same without questions
  sv2 status                         how it goes
  sv2 doctor                         what is wrong, and what to do about it
  sv2 payouts balances               who is owed what
  sv2 farm --config sv2-farm.toml    many miners in front of a pool elsewhere
  source <(sv2 completion bash)      completes these words`,
    )
  command.addCommand(initCommand(terminal))
  command.addCommand(appCommand(up(terminal), new Command('up')))
  command.addCommand(appCommand(farm(terminal), new Command('farm')))
  command.addCommand(statusCommand(terminal, poolConfig))
  command.addCommand(doctorCommand(terminal))
  command.addCommand(deployCommand(terminal))
  command.addCommand(keysCommand(print).name('keys'))
  command.addCommand(verifyCommand({ print, exit: (code) => terminal.exit(code) }).name('verify'))
  command.addCommand(
    ledgerCommand(print, terminal.env, poolConfig)
      .name('payouts')
      .description(`the books of the pool: who is owed what, and payments; reads ${UP_FILE}`),
  )
  const shell = new Argument('<shell>').choices(SHELLS)
  command
    .command('completion')
    .description('prints a script that completes these commands in a shell')
    .addArgument(shell)
    .action((name: Shell) => terminal.print(completion(command, name)))
  return command
}

function statusCommand(terminal: Terminal, config: (file?: string) => { monitoring: Monitoring }): Command {
  return new Command('status')
    .description('says how a running `sv2 up` does; ends with 0 when it has work for its miners')
    .option('-c, --config <file>', 'its TOML file', UP_FILE)
    .option('--url <url>', 'instead of the file: address of its dashboard')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  sv2 status\n  sv2 status --url http://192.168.1.5:9090 --json')
    .action(async ({ config: file, url, json }: { config: string; url?: string; json?: true }) => {
      const at = url?.replace(/\/+$/, '') ?? pagesUrl(config(file).monitoring)
      terminal.exit(await status(at, { json: json === true, terminal }))
    })
}

type Monitoring = Parameters<typeof pagesUrl>[0]

function doctorCommand(terminal: Terminal): Command {
  return new Command('doctor')
    .description(
      'looks at node, clock, disk, keys, ports and URLs, and says what to do; ends with 1 when something is wrong',
    )
    .option('-c, --config <file>', 'the TOML file', UP_FILE)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  sv2 doctor\n  sv2 doctor --json | jq \'.[] | select(.state == "wrong")\'',
    )
    .action(async ({ config, json }: { config: string; json?: true }) => {
      const findings = await doctor(config, terminal)
      if (json === true) terminal.print(`${JSON.stringify(findings, undefined, 2)}\n`)
      else printFindings(findings, terminal)
      terminal.exit(findings.some(({ state }) => state === 'wrong') ? 1 : 0)
    })
}
