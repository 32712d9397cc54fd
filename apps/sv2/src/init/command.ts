import { NETWORKS } from '@sv2/bitcoin'
import { Command, InvalidArgumentError, Option } from 'commander'
import { printFindings } from '../findings.ts'
import type { Terminal } from '../terminal.ts'
import { UP_FILE } from '../up.ts'
import { MODES } from '../up-config.ts'
import { type InitOptions, init } from './init.ts'

/** `sv2 init`. */
export function initCommand(terminal: Terminal): Command {
  return new Command('init')
    .description(`finds your Bitcoin node, checks it, asks what it has to know, and writes ${UP_FILE}`)
    .option('-c, --config <file>', 'file to write', UP_FILE)
    .option('-y, --yes', 'ask nothing: what no option says is found, or has its default')
    .option('--force', 'overwrite the file')
    .addOption(
      new Option('--network <name>', 'Bitcoin network; that of the node when missing').choices(
        Object.keys(NETWORKS),
      ),
    )
    .addOption(new Option('--mode <mode>', 'who is paid for a block; solo when missing').choices(MODES))
    .option('--address <address>', 'your address on that network')
    .option('--node-url <url>', 'JSON-RPC address of the node')
    .option('--cookie <file>', "the node's .cookie file")
    .option('--rpc-user <name>', 'instead of a cookie: rpcuser of the node')
    .option('--rpc-password <password>', 'and its rpcpassword')
    .option('--data-dir <folder>', 'folder for keys, books and solved blocks', './sv2-data')
    .option('--port <n>', 'port of miners, of Stratum V1 and V2; 0: any free one', port, 3_333)
    .option('--negotiator-port <n>', 'port of clients of job negotiation', port, 3_334)
    .option(
      '--dashboard-host <host>',
      'address of the dashboard; 0.0.0.0: for your whole network',
      '127.0.0.1',
    )
    .option('--dashboard-port <n>', 'port of the dashboard', port, 9_090)
    .option('--systemd', 'also write sv2.service, a unit for systemd')
    .option('--json', 'print what was found as JSON; asks nothing')
    .addHelpText(
      'after',
      `
Examples:
  sv2 init
  sv2 init --yes --address bc1q…
  sv2 init --yes --network testnet4 --mode pplns --address tb1q… --systemd
  sv2 init --yes --node-url http://192.168.1.2:8332 --rpc-user me --rpc-password …`,
    )
    .action(async (options: InitOptions) => {
      const { findings, written } = await init(options, terminal)
      if (options.json === true) terminal.print(`${JSON.stringify({ findings, written }, undefined, 2)}\n`)
      else {
        printFindings(findings, terminal)
        for (const file of written) terminal.print(`written: ${file}\n`)
        if (written.length > 0) terminal.print('\nNext: sv2 up\n')
      }
      if (written.length === 0) terminal.exit(64)
    })
}

/** @throws {InvalidArgumentError} when it is not a port */
function port(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 0 || value > 65_535)
    throw new InvalidArgumentError('has to be a whole number from 0 to 65535.')
  return value
}
