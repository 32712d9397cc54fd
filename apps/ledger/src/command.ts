import { environmentPrefix, loadConfig, nodeRpcs, VERSION } from '@sv2/app-kit'
import { booksSettings, type PoolConfig, pool } from '@sv2/pool'
import type { NodeRpc } from '@sv2/runtime'
import { openStore } from '@sv2/store'
import { Command, InvalidArgumentError } from 'commander'
import { batchesFromStart, batchesSinceSnapshot } from './missing-batches.ts'
import { type Proposal, propose } from './propose.ts'
import { type BooksSettings, readBooks } from './read-books.ts'
import { type Recording, record } from './record.ts'

interface Options {
  readonly config?: string
  readonly json?: boolean
  readonly fromSnapshot?: boolean
}

/**
 * The command line of `sv2-ledger`.
 * @param print writes a line
 * @param load reads the pool's configuration, where it does not stand in a file of its own
 */
export function ledgerCommand(
  print: (text: string) => void,
  env: Readonly<Record<string, string | undefined>>,
  load: (file: string | undefined) => PoolConfig = (file) =>
    loadConfig(pool.schema, { file, env, prefix: environmentPrefix(pool.name) }),
): Command {
  const settingsOf = ({ config }: Options) => booksSettings(load(config))
  const command = new Command('sv2-ledger')
    .description("The books of a pool, from its journal; takes the pool's own configuration")
    .version(VERSION)
    .addHelpText(
      'after',
      '\nExamples:\n  sv2-ledger balances --config pool.toml\n  sv2-ledger rebuild --config pool.toml\n  sv2-ledger propose --config pool.toml --fee-rate 5 --out payments.psbt\n  sv2-ledger record --config pool.toml --tx TXID --token-file token',
    )
  command
    .command('balances')
    .description('reads the journal, and prints what each account is owed beyond the block to come')
    .option('-c, --config <file>', "the pool's TOML file")
    .option('--json', 'print JSON')
    .action((options: Options) => balances(settingsOf(options), options, print))
  command
    .command('rebuild')
    .description(
      'throws the tables of the ledger away, and makes them anew from the journal; the pool must not run',
    )
    .option('-c, --config <file>', "the pool's TOML file")
    .option(
      '--from-snapshot',
      'begin with the newest snapshot of the ledger: for a journal whose first segments are not kept; work before it is lost',
    )
    .action((options: Options) => rebuild(settingsOf(options), options, print))
  command
    .command('propose')
    .description(
      'writes a PSBT that pays balances out of outputs of the pool, to be signed by the wallet of the pool',
    )
    .option('-c, --config <file>', "the pool's TOML file")
    .option('--above <sat>', 'pay balances of this and more', whole, 10_000n)
    .requiredOption('--fee-rate <rate>', 'fee, satoshi for each virtual byte', rate)
    .option('--utxo <txid:vout:sat...>', "outputs to spend; when missing, what the node's wallet has")
    .option('--out <file>', 'file for the PSBT; it must not exist')
    .action(async (options: Options & Omit<Proposal, 'utxo'> & { readonly utxo?: readonly string[] }) => {
      const settings = settingsOf(options)
      await propose(settings, { ...options, utxo: options.utxo ?? [] }, { node: nodeOf(settings), print })
    })
  command
    .command('record')
    .description('has the running pool book a transaction that paid balances; it is booked once')
    .option('-c, --config <file>', "the pool's TOML file")
    .requiredOption('--tx <hex or txid>', 'the signed transaction; or its id, when the node knows it')
    .requiredOption('--token-file <file>', 'the file of [api] token_file')
    .option('--pool <url>', 'where the API of the pool is; by default where [monitoring] says')
    .action(async (options: Options & Omit<Recording, 'pool'> & Partial<Pick<Recording, 'pool'>>) => {
      const settings = settingsOf(options)
      const { pool: url = settings.apiUrl } = options
      await record({ ...options, pool: url }, { node: nodeOf(settings), print })
    })
  return command
}

function nodeOf({ nodes }: BooksSettings): NodeRpc | undefined {
  return nodeRpcs(nodes)[0]
}

/** @throws {InvalidArgumentError} when it is not a whole number */
function whole(text: string): bigint {
  if (!/^\d{1,16}$/.test(text)) throw new InvalidArgumentError('has to be a whole number of satoshi.')
  return BigInt(text)
}

/** More for a virtual byte than anybody has paid is a slip of the pen. */
const MOST_FEE_RATE = 10_000

/** @throws {InvalidArgumentError} when it is not a rate that a node would relay */
function rate(text: string): number {
  const value = Number(text)
  if (!(value >= 1 && value <= MOST_FEE_RATE))
    throw new InvalidArgumentError(`has to be between 1 and ${MOST_FEE_RATE}.`)
  return value
}

function balances(settings: BooksSettings, { json }: Options, print: (text: string) => void): void {
  const { ledger, records, nameOf } = readBooks(settings)
  const owed = ledger.balances().map(([key, balance]) => ({
    account: nameOf(key),
    balance_sat: balance.toString(),
  }))
  if (json === true) return print(JSON.stringify(owed, undefined, 2))
  print(`${records} records, ${ledger.blocks().length} blocks, ${ledger.accounts.size} accounts`)
  for (const { account, balance_sat } of owed) print(`${balance_sat.padStart(16)} sat  ${account}`)
}

async function rebuild(
  settings: BooksSettings,
  { fromSnapshot = false }: Options,
  print: (text: string) => void,
): Promise<void> {
  if (settings.store.url === 'memory')
    throw new Error('ledger.store is memory: there are no tables to make anew')
  const batches = fromSnapshot ? batchesSinceSnapshot(settings) : batchesFromStart(settings)
  const store = await openStore(settings.store)
  try {
    await store.clear()
    for (const batch of batches) await store.apply(batch)
    const records = batches.at(-1)?.next ?? 0
    const blocks = new Set(batches.flatMap((batch) => batch.blocks.map(({ hash }) => hash))).size
    print(`${records} records read, ${blocks} blocks written to ${settings.store.url}`)
  } finally {
    await store.close()
  }
}
