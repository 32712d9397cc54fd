import { z } from 'zod'

const count = z.int().min(0)
const at = z.number().describe('Unix time, ms')
const sat = z.int().describe('Satoshi')
const hps = z.number().min(0).describe('H/s')

/** How fast somebody is, by accepted shares. */
export const rates = z.strictObject({
  ten_minutes: hps.describe('H/s by the accepted shares of the last ten minutes'),
  hour: hps.describe('Of the last hour'),
  day: hps.describe('Of the last day'),
})

/** What was counted of shares since the start. */
export const shares = z.strictObject({
  accepted: count,
  refused: count,
  refused_by_reason: z.record(z.string(), count),
  work: z.number().min(0).describe('Sum of the difficulties of accepted shares'),
  best: z.number().min(0).describe('Difficulty of the best share'),
  last_share_at: at.nullable(),
  blocks: count,
})

/** A node as a whole. */
export const node = z.strictObject({
  role: z.string(),
  version: z.string(),
  network: z.string().nullable(),
  ok: z.boolean().describe('It can do its work'),
  started_at: at,
  now: at,
  miners: count.describe('Connections'),
  channels: count,
  workers: count.describe('That are kept; those that left among them'),
  hashrate: rates,
  shares,
  tip: z
    .strictObject({ prev_hash: z.string(), network_difficulty: z.number(), at })
    .nullable()
    .describe('The newest tip that was heard of'),
  doors: z.array(z.string()).describe('Where miners connect'),
  pays: z.boolean().describe('There is a ledger here: accounts, earnings, distribution'),
})

/** How old figures are. */
export const asOf = at.describe('What came later is not in it')

/** Hash rate over time. */
export const history = z.strictObject({
  points: z.array(z.strictObject({ at, hashrate: hps })),
  as_of: asOf,
})

/** A worker of an account. */
export const worker = z.strictObject({
  worker: z.string().describe('As the miner spells it: anything; show it as text'),
  connected: z.boolean(),
  channels: count,
  connected_at: at,
  left_at: at.nullable(),
  difficulty: z.number(),
  hashrate: rates,
  shares,
})

/** What the ledger knows of an account. */
export const books = z.strictObject({
  balance_sat: sat.describe('Owed for good beyond the block to come; negative: paid too much'),
  expected_sat: sat.describe('Part of the block to come, as things stand'),
  paid_sat: sat.describe('By confirmed and pending blocks'),
})

/** What an account earned by one block. */
export const earning = z.strictObject({
  hash: z.string(),
  height: count,
  at,
  state: z.enum(['pending', 'confirmed', 'orphaned']),
  earned_sat: sat,
  paid_sat: sat.describe('Of it, by the coinbase'),
})

/** An account, and what it is owed. */
export const account = z.strictObject({
  account: z.string(),
  workers: count,
  hashrate: rates,
  shares,
  odds_per_day: z
    .number()
    .nullable()
    .describe('Blocks a day to expect by the hash rate of the last hour; null before the first tip'),
  books: books.nullable().describe('null where no ledger is kept'),
})

/** A block that was found here. */
export const block = z.strictObject({
  hash: z.string(),
  height: count.nullable(),
  at,
  account: z.string(),
  worker: z.string(),
  state: z.enum(['found', 'pending', 'confirmed', 'orphaned']).describe('found: nothing is booked here'),
  confirmations: count.nullable(),
  total_sat: sat.nullable(),
  fee_sat: sat.nullable(),
})

/** What an account is owed for good beyond the block to come. */
export const balance = z.strictObject({
  account: z.string().describe('pool: what the pool has earned, less what it owes'),
  balance_sat: sat.describe('Negative: paid too much'),
})

/** How the block to come is split. */
export const distribution = z.strictObject({
  id: z.string(),
  at: at.nullable(),
  value_sat: sat.describe('Value of a coinbase of this time'),
  payouts: z.array(
    z.strictObject({
      account: z.string(),
      script: z.string().describe('Output script, hex'),
      weight: z.string().describe('An integer of any size'),
      expected_sat: sat,
    }),
  ),
})

/** A transaction from the operator's wallet, as it was booked. */
export const bookedPayment = z.strictObject({
  txid: z.string(),
  booked: z.enum(['now', 'before']),
  paid: z.array(z.strictObject({ account: z.string(), value_sat: sat })),
  to_pool_sat: sat.describe('What goes back to the pool'),
})

/** Where an account is paid that is known by its name. */
export const setAddress = z.strictObject({
  account: z.string(),
  address: z.string(),
  signed_at: at.describe('As it was signed'),
})

/** A segment of the journal. */
export const segment = z.strictObject({
  node: count,
  number: count,
  pool_id: z.string().describe('Hex; made when the pool first started'),
  first: count.describe('Sequence of its first record'),
  records: count,
  bytes: count,
  closed_at: at.nullable(),
  kept: z
    .boolean()
    .describe('false: the pool has removed its records ([journal] keep_days), and kept its root'),
  root: z
    .string()
    .nullable()
    .describe('Merkle root over its records, hex; null while it is open, or not computed yet'),
  chained_root: z
    .string()
    .nullable()
    .describe(
      'SHA-256 of the chained root of the segment before and the root, hex; zeros stand before the first',
    ),
})

/** The coinbase of a job that is mined now. */
export const coinbase = z.strictObject({
  outputs: z.array(
    z.strictObject({
      script: z.string().describe('hex'),
      address: z.string().nullable(),
      value_sat: sat,
      is_own: z.boolean().describe('It pays the account that was asked for'),
    }),
  ),
  tag: z.string().describe('Printable characters of its input script'),
})

/** An upstream of a farm. */
export const upstream = z.strictObject({
  place: count.describe('In the configuration'),
  name: z.string(),
  state: z.enum(['unknown', 'ready', 'lost', 'refused']),
  reason: z.string(),
  is_used: z.boolean(),
  since: at,
  sent: count,
  acknowledged: count,
  refused: count,
  refused_by_reason: z.record(z.string(), count),
  unanswered: count,
})

/** A machine at this node. */
export const miner = z.strictObject({
  id: count,
  remote: z.string(),
  version: z.enum(['v1', 'v2']).describe('Of Stratum'),
  kind: z.string().describe('What it calls itself'),
  firmware: z.string(),
  users: z.array(z.string()).describe('Of its first channels'),
  channels: count,
  connected_at: at,
  upstream: count.nullable(),
  difficulty: z.number().nullable(),
  hashrate_ten_minutes: hps,
  shares,
  silent_sec: z.number().min(0).describe('Since its last accepted share, or since it came'),
})

/** A machine with its channels. */
export const minerDetail = miner.extend({
  channel_list: z.array(
    z.strictObject({
      channel_id: count,
      kind: z.enum(['standard', 'extended']),
      account: z.string(),
      worker: z.string(),
      opened_at: at,
      difficulty: z.number(),
      nominal_hashrate: z.number(),
      upstream: count.nullable(),
      hashrate_ten_minutes: hps,
      shares,
    }),
  ),
})

/** What was wrong with a request. */
export const failure = z.strictObject({ error: z.string() })
