import { checkPplns } from './payouts/pplns.ts'
import { readJournal } from './payouts/read-journal.ts'

/** `node --import tsx scripts/check-payouts.ts JOURNAL_DIR`: what a pool that pays by pplns has to have paid, from its journal alone. */
const [folder] = process.argv.slice(2)
if (folder === undefined) throw new Error('usage: check-payouts.ts JOURNAL_DIR')

const { distributions, blocks, balances } = checkPplns(readJournal(folder))
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
