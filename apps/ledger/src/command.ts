import { environmentPrefix, loadConfig, project, VERSION } from '@sv2/app-kit'
import { booksSettings, type PoolConfig, pool } from '@sv2/pool'
import { Ledger, POOL } from '@sv2/roles/ledger'
import { JournalTail } from '@sv2/runtime/journal'
import { openStore, Projection } from '@sv2/store'
import { Command } from 'commander'

interface Options {
  readonly config?: string
  readonly json?: boolean
}

/** The command line of `sv2-ledger`. @param print writes a line */
export function ledgerCommand(
  print: (text: string) => void,
  env: Readonly<Record<string, string | undefined>>,
): Command {
  const settingsOf = ({ config: file }: Options) => {
    const config: PoolConfig = loadConfig(pool.schema, { file, env, prefix: environmentPrefix(pool.name) })
    return booksSettings(config)
  }
  const command = new Command('sv2-ledger')
    .description("The books of a pool, from its journal; takes the pool's own configuration")
    .version(VERSION)
    .addHelpText(
      'after',
      '\nExamples:\n  sv2-ledger balances --config pool.toml\n  sv2-ledger rebuild --config pool.toml',
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
    .action((options: Options) => rebuild(settingsOf(options), print))
  return command
}

type Settings = ReturnType<typeof booksSettings>

function balances(
  { folder, node, ledger: settings }: Settings,
  { json }: Options,
  print: (text: string) => void,
): void {
  const ledger = new Ledger(settings)
  const tail = new JournalTail(folder)
  for (const { sequence, record } of tail.read()) ledger.handle({ node, entry: { sequence, record } })
  tail.close()
  const owed = ledger.balances().map(([key, balance]) => ({
    account: key === POOL ? POOL : (ledger.accounts.nameOf(key) ?? key),
    balance_sat: balance.toString(),
  }))
  if (json === true) return print(JSON.stringify(owed, undefined, 2))
  print(`${tail.sequence} records, ${ledger.blocks().length} blocks, ${ledger.accounts.size} accounts`)
  for (const { account, balance_sat } of owed) print(`${balance_sat.padStart(16)} sat  ${account}`)
}

async function rebuild(settings: Settings, print: (text: string) => void): Promise<void> {
  if (settings.store.url === 'memory')
    throw new Error('ledger.store is memory: there are no tables to make anew')
  const store = await openStore(settings.store)
  try {
    await store.clear()
    const batch = project(settings, { openStore, Projection }, { from: 0, until: Number.POSITIVE_INFINITY })
    if (batch !== undefined) await store.apply(batch)
    print(
      `${batch?.next ?? 0} records read, ${batch?.blocks.length ?? 0} blocks written to ${settings.store.url}`,
    )
  } finally {
    await store.close()
  }
}
