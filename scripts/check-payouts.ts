import { parseArgs } from 'node:util'
import { checkPplns } from './payouts/pplns.ts'
import { readJournal } from './payouts/read-journal.ts'

/** `node --import tsx scripts/check-payouts.ts JOURNAL_DIR …`: what a pool that pays by pplns has to have paid, from its journal alone. */
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    'pool-script': { type: 'string' },
    'fee-ppm': { type: 'string', default: '0' },
    'window-blocks': { type: 'string', default: '8' },
    'dust-limit': { type: 'string', default: '546' },
    'max-payouts': { type: 'string', default: '500' },
    'refresh-ms': { type: 'string', default: '30000' },
    confirmations: { type: 'string', default: '6' },
  },
})
const [folder] = positionals
if (folder === undefined || values['pool-script'] === undefined)
  throw new Error('usage: check-payouts.ts JOURNAL_DIR --pool-script HEX [--fee-ppm N] [--window-blocks N] …')

const { distributions, blocks, balances } = checkPplns(readJournal(folder), {
  poolScript: values['pool-script'],
  feePpm: BigInt(values['fee-ppm']),
  window: BigInt(values['window-blocks']) << 40n,
  dustLimit: BigInt(values['dust-limit']),
  maxPayouts: Number(values['max-payouts']),
  refreshMs: Number(values['refresh-ms']),
  confirmations: Number(values.confirmations),
})
const say = (text: string) => process.stdout.write(`${text}\n`)
say(`${distributions.length} distributions; the scores of the newest, in parts of 2^40 of a block:`)
for (const [account, score] of distributions.at(-1)?.scores ?? []) say(`  ${account} ${score}`)
for (const { hash, height, total, fee, paid, earned, state } of blocks) {
  say(`block ${height} ${hash} ${state}: ${total} sat, of them the fee ${fee}`)
  for (const account of new Set([...paid.keys(), ...earned.keys()]))
    say(`  ${account} earned ${earned.get(account) ?? 0n}, was paid ${paid.get(account) ?? 0n}`)
}
say('balances:')
for (const [account, balance] of balances) say(`  ${account} ${balance}`)
