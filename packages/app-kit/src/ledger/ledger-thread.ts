import { parentPort, workerData } from 'node:worker_threads'
import { type LedgerFact, POOL } from '@sv2/roles/ledger'
import { systemClock } from '@sv2/runtime'
import { type JournalPosition, segmentNumbers } from '@sv2/runtime/journal'
import { SegmentRoots } from '../audit/segment-roots.ts'
import { nodeRpcs } from '../config/node.ts'
import { ChainWatch } from './chain-watch.ts'
import type { FromLedger, LedgerLine, LedgerThreadData, ToLedger } from './ledger-messages.ts'
import { changedAccounts, LedgerView, sums } from './ledger-queries.ts'
import { restoreLedger, saveLedger } from './ledger-snapshots.ts'
import { removeOldSegments } from './old-segments.ts'
import { StoreView } from './store-queries.ts'
import { type StoreModule, StoreWriter } from './store-writer.ts'

/** How often nodes are asked for our blocks, ms. */
const CHAIN_EVERY_MS = 2_000
const NUMBERS_EVERY_MS = 1_000
const STORE_EVERY_MS = 1_000
/** A replay that takes longer tells how far it is, ms. */
const PROGRESS_EVERY_MS = 2_000

const data = workerData as LedgerThreadData
const port = parentPort!
const tell = (message: FromLedger): void => port.postMessage(message)
const line = (level: LedgerLine['level'], fields: LedgerLine['fields'], text: string): void =>
  tell({ kind: 'line', level, fields, text })

const { network, poolScript, confirmations } = data.settings
const begun = performance.now()
const { ledger, tail } = restoreLedger(data, {
  segmentEnded,
  ignored: (snapshot) => line('warn', { ...snapshot }, 'a snapshot of the ledger is ignored'),
})
const restored = ledger.cursor(data.node)
const roots = new SegmentRoots(data.folder)
const watch = new ChainWatch(
  { nodes: nodeRpcs(data.nodes), poolScript, tag: data.tag, confirmations },
  ledger,
)
/** What was in the journal at the start is read: from now on facts are news. */
let isLive = false
const view = new LedgerView(ledger, network, () => ledger.distribution)

function read(until?: JournalPosition): void {
  let told = performance.now()
  for (const { sequence, record } of tail.read(until)) {
    const entry = { sequence, record }
    const facts = ledger.handle({ node: data.node, entry })
    for (const fact of facts) perform(fact)
    writer?.take(entry, facts)
    if (isLive || performance.now() - told < PROGRESS_EVERY_MS) continue
    told = performance.now()
    line('info', { records: sequence }, 'reading the journal')
  }
}

function perform(fact: LedgerFact): void {
  if (fact.kind === 'gap')
    throw new Error(`record ${fact.sequence} of the journal where ${fact.expected} was to come`)
  if (!isLive) return
  if (fact.kind === 'distribution') return tell(fact)
  const { booking, state } = fact.block
  const { hash, height } = booking
  if (fact.kind === 'blockChanged')
    return line(
      state === 'orphaned' ? 'warn' : 'info',
      { hash, height, state, before: fact.before },
      'block changed',
    )
  const fields = {
    hash,
    height,
    total: Number(booking.total),
    fee: Number(booking.fee),
    ...changedAccounts(fact.block),
  }
  line('info', { ...fields, payouts: booking.paid.size - 1 }, 'block booked')
}

/** A start reads on from here. While older records are read, only what stands in front of the last segment is written down. */
function segmentEnded(number: number): void {
  const next = number + 1
  if (!isLive && segmentNumbers(data.folder).at(-1) !== next) return
  try {
    const { snapshot } = ledger
    saveLedger(data.folder, next, snapshot)
    const windowFrom = snapshot.window?.spans[0]?.start ?? Number.POSITIVE_INFINITY
    if (data.keepMs !== undefined) remove({ keepMs: data.keepMs, now: systemClock.now(), windowFrom })
  } catch (error) {
    line(
      'error',
      { reason: String(error) },
      'no snapshot of the ledger could be written; a start takes longer',
    )
  }
}

function remove(rules: Parameters<typeof removeOldSegments>[2]): void {
  const removed = removeOldSegments(data.folder, roots, rules)
  if (removed.length > 0)
    line('info', { first: removed[0]!, last: removed.at(-1)! }, 'old segments of the journal are removed')
}

let isLooking = false
let wasAway = false
let nodeBehind = 0
let unknownBlocks = 0
async function look(): Promise<void> {
  if (isLooking || data.nodes.length === 0) return
  isLooking = true
  try {
    const { records, isAway, behind } = await watch.look(Math.floor(systemClock.now()))
    nodeBehind = behind
    unknownBlocks += records.filter(({ kind }) => kind === 'block').length
    if (isAway && !wasAway) line('warn', {}, 'no node says what became of our blocks')
    wasAway = isAway
    for (const record of records) tell({ kind: 'append', record })
  } finally {
    isLooking = false
  }
}

async function openWriter(): Promise<StoreWriter | undefined> {
  if (data.store === undefined) return undefined
  const module = (await import(data.store.module)) as StoreModule
  const { folder, node, settings } = data
  const made = new StoreWriter({ store: data.store.settings, folder, node, ledger: settings }, module, ledger)
  try {
    await made.open()
  } catch (error) {
    storeTrouble(String(error))
  }
  return made
}

let storeState = 'written'
function storeTrouble(reason: string): void {
  if (storeState !== reason)
    line('error', { reason }, 'the store of the ledger does not answer; its tables wait')
  storeState = reason
}

let isWriting = false
async function write(): Promise<void> {
  if (writer === undefined || isWriting) return
  isWriting = true
  try {
    const state = await writer.write(Math.floor(systemClock.now()))
    if (state === 'ahead') storeTrouble('it is ahead of the journal: rebuild it with sv2-ledger rebuild')
    else if (state === 'written' && storeState !== 'written') {
      storeState = 'written'
      line('info', {}, 'the store of the ledger is up to date')
    }
  } catch (error) {
    storeTrouble(String(error))
  } finally {
    isWriting = false
  }
}

function numbers(): void {
  const states = ledger.blocks().map(({ state }) => state)
  const count = (state: string) => states.filter((one) => one === state).length
  const { owed, overpaid } = sums(ledger)
  tell({
    kind: 'numbers',
    numbers: {
      accounts: ledger.accounts.size,
      sequence: ledger.cursor(data.node),
      pendingBlocks: count('pending'),
      confirmedBlocks: count('confirmed'),
      orphanedBlocks: count('orphaned'),
      distributionAt: ledger.distribution?.time ?? 0,
      owed: Number(owed),
      overpaid: Number(overpaid),
      unknownBlocks,
      nodeBehind,
      isNodeAway: wasAway,
    },
  })
}

const writer = await openWriter()
const stored = writer && new StoreView(ledger, writer)
read()
isLive = true
line(
  'info',
  {
    records: ledger.cursor(data.node),
    fromSnapshot: restored,
    accounts: ledger.accounts.size,
    blocks: ledger.blocks().length,
    poolBalance: Number(ledger.balance(POOL)),
    ms: Math.round(performance.now() - begun),
  },
  'ledger ready',
)
const given = ledger.distribution
if (given !== undefined) tell({ kind: 'distribution', distribution: given.distribution, voids: false })
port.on('message', (message: ToLedger) => {
  if (message.kind === 'grown') return read(message.position)
  const { id, query } = message
  if (query.kind !== 'history' && query.kind !== 'earnings')
    return tell({ kind: 'answer', id, answer: view.answer(query) })
  // without a store there is no answer
  const given = stored?.answer(query) ?? Promise.resolve(undefined)
  void given.then((answer) => tell({ kind: 'answer', id, answer }))
})
setInterval(() => void look(), CHAIN_EVERY_MS)
setInterval(() => void write(), STORE_EVERY_MS)
setInterval(numbers, NUMBERS_EVERY_MS)
