// biome-ignore-all format: a table reads best with one message in a few long lines
/**
 * Writes vectors/messages.json: one frame of every message of both editions, and what it means.
 *
 * The bytes come from the tables below, copied by hand from docs/wire.md §4, and from a writer of a dozen
 * lines that shares nothing with packages/codec. The vectors of docs/wire.md A.4 and A.5 stand in literally.
 * Run: `npx tsx scripts/make-message-vectors.ts`
 */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Edition, hash, literalVectors, type Vector } from './message-vector-literals.ts'

type Value = number | bigint | string | boolean | null | readonly Value[]
type Field = readonly [name: string, type: string, value: Value]
const LENGTHS: Record<string, number> = { U8: 1, U16: 2, U24: 3, U32: 4, U64: 8 }

/** The bytes of one value, in hex; byte strings are hex already. */
function encode(type: string, value: Value): string {
  const sequence = /^(SEQ0_255|SEQ0_64K|OPTION)\[(.*)\]$/.exec(type)
  if (sequence?.[1] === 'OPTION') return value === null ? '00' : `01${encode(sequence[2]!, value)}`
  if (sequence !== null) {
    const items = value as readonly Value[]
    const count = little(BigInt(items.length), sequence[1] === 'SEQ0_255' ? 1 : 2)
    return count + items.map((item) => encode(sequence[2]!, item)).join('')
  }
  if (type === 'BOOL') return value === true ? '01' : '00'
  if (type === 'F32') {
    const bytes = Buffer.alloc(4)
    bytes.writeFloatLE(value as number)
    return bytes.toString('hex')
  }
  if (type in LENGTHS) return little(BigInt(value as number), LENGTHS[type]!)
  if (/^(U256|B32|B8)$/.test(type)) return value as string
  const text = type.startsWith('STR') ? Buffer.from(value as string).toString('hex') : (value as string)
  const prefix = type === 'B0_64K' ? 2 : type === 'B0_16M' ? 3 : 1
  return little(BigInt(text.length / 2), prefix) + text
}

function little(value: bigint, size: number): string {
  const bytes = Buffer.alloc(size)
  for (let index = 0; index < size; index++) bytes[index] = Number((value >> BigInt(8 * index)) & 0xffn)
  return bytes.toString('hex')
}

const RENAMED: Record<string, string> = {
  coinbase_tx_input_nSequence: 'coinbaseTxInputSequence', nBits: 'nbits',
}

function domainName(name: string): string {
  return RENAMED[name] ?? name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

/** Bytes as 0x…, U64 as …n, absent options left out. */
function domainValue(type: string, value: Value): unknown {
  const inner = /\[(.*)\]$/.exec(type)?.[1]
  if (Array.isArray(value)) return value.map((item) => domainValue(inner!, item))
  if (type === 'U64') return `${value}n`
  return /^(U256|B)/.test(type) && type !== 'BOOL' ? `0x${value}` : value
}

function vector(
  edition: Edition, protocol: Vector['protocol'], from: Vector['from'], [type, number, channelMsg, fields]: Row,
  extra: Partial<Vector> & { set?: Record<string, unknown>; drop?: string[] } = {},
): Vector {
  const { set = {}, drop = [], ...rest } = extra
  const payload = fields.map(([, kind, value]) => encode(kind, value)).join('')
  const extension = type.startsWith('RequestExtensions') ? 1 : type === 'SetPayoutDistribution' ? 3 : 0
  const head = little(BigInt(extension + (channelMsg ? 0x8000 : 0)), 2) + little(BigInt(number), 1) + little(BigInt(payload.length / 2), 3)
  const message: Record<string, unknown> = { type }
  for (const [name, kind, value] of fields) {
    if (!drop.includes(name) && value !== null) message[domainName(name)] = domainValue(kind, value)
  }
  const id = `${edition}-${type}`
  return { id, edition, protocol, from, frame: head + payload, message: { ...message, ...set }, ...rest }
}

type Row = readonly [type: string, number: number, channelMsg: boolean, fields: readonly Field[]]

const OUTPUT = `${little(5_000_000_000n, 8)}160014${'ab'.repeat(20)}`
const OP_RETURN = `${'00'.repeat(8)}036a012a`
const ch = (id: number): Field => ['channel_id', 'U32', id]
const req = (id: number): Field => ['request_id', 'U32', id]

const setup: Row = [
  'SetupConnection', 0x00, false, [
    ['protocol', 'U8', 0], ['min_version', 'U16', 2], ['max_version', 'U16', 2], ['flags', 'U32', 0x80000005],
    ['endpoint_host', 'STR0_255', 'pool.example'], ['endpoint_port', 'U16', 34254], ['vendor', 'STR0_255', 'Möller'],
    ['hardware_version', 'STR0_255', 'S19 0.1'], ['firmware', 'STR0_255', 'fw-1'], ['device_id', 'STR0_255', ''],
  ],
]
const success: Row = [
  'SetupConnection.Success', 0x01, false, [
    ['used_version', 'U16', 2], ['flags', 'U32', 3],
  ],
]
const refused: Row = [
  'SetupConnection.Error', 0x02, false, [
    ['flags', 'U32', 4], ['error_code', 'STR0_255', 'unsupported-feature-flags'],
  ],
]
const endpointChanged: Row = ['ChannelEndpointChanged', 0x03, true, [ch(5)]]

const openStandard: Row = [
  'OpenStandardMiningChannel', 0x10, false,
  [req(1), ['user_identity', 'STR0_255', 'bc1qworker.rig'], ['nominal_hash_rate', 'F32', 2 ** 44], ['max_target', 'U256', hash(1)]],
]
const openStandardSuccess: Row = [
  'OpenStandardMiningChannel.Success', 0x11, false,
  [req(1), ch(2), ['target', 'U256', hash(3)], ['extranonce_prefix', 'B0_32', '0a0b0c0d'], ['group_channel_id', 'U32', 7]],
]
const openExtended: Row = [
  'OpenExtendedMiningChannel', 0x13, false,
  [req(2), ['user_identity', 'STR0_255', ''], ['nominal_hash_rate', 'F32', 0], ['max_target', 'U256', hash(2)], ['min_extranonce_size', 'U16', 8]],
]
const openExtendedSuccess: Field[] = [req(2), ch(9), ['target', 'U256', hash(4)], ['extranonce_size', 'U16', 8], ['extranonce_prefix', 'B0_32', hash(0).slice(0, 48)]]
const errorFields = (type: string): Field[] => [['error_code', type, 'max-target-out-of-range']]
const updateChannel: Row = ['UpdateChannel', 0x16, true, [ch(2), ['nominal_hash_rate', 'F32', 2.5], ['maximum_target', 'U256', hash(9)]]]
const setPrefix: Row = ['SetExtranoncePrefix', 0x19, true, [ch(2), ['extranonce_prefix', 'B0_32', 'ffee']]]
const share: Field[] = [ch(2), ['sequence_number', 'U32', 3], ['job_id', 'U32', 4], ['nonce', 'U32', 0x01020304], ['ntime', 'U32', 0x65a0b0c0], ['version', 'U32', 0x20000000]]
const shareSuccess: Field[] = [ch(2), ['last_sequence_number', 'U32', 77], ['new_submits_accepted_count', 'U32', 3], ['new_shares_sum', 'U64', 0x0102030405060708n]]
const shareError = (type: string): Row => ['SubmitShares.Error', 0x1d, true, [ch(2), ['sequence_number', 'U32', 3], ['error_code', type, 'stale-share']]]
const extendedJob = (activation: Field): Row => [
  'NewExtendedMiningJob', 0x1f, true, [
    ch(7), ['job_id', 'U32', 8], activation, ['version', 'U32', 0x20000000], ['version_rolling_allowed', 'BOOL', true],
    ['merkle_path', 'SEQ0_255[U256]', [hash(10), hash(20)]], ['coinbase_tx_prefix', 'B0_64K', '0200000001'],
    ['coinbase_tx_suffix', 'B0_64K', 'ffffffff01'],
  ],
]
const prevHash: Row = ['SetNewPrevHash', 0x20, true, [ch(7), ['job_id', 'U32', 8], ['prev_hash', 'U256', hash(30)], ['min_ntime', 'U32', 0x65a0b0c0], ['nbits', 'U32', 0x1703a30c]]]
const setTarget: Row = ['SetTarget', 0x21, true, [ch(7), ['maximum_target', 'U256', hash(40)]]]
const customHead: Field[] = [
  ch(9), req(11), ['mining_job_token', 'B0_255', 'aabbcc'], ['version', 'U32', 0x20000000], ['prev_hash', 'U256', hash(50)],
  ['min_ntime', 'U32', 1_700_000_000], ['nbits', 'U32', 0x1703a30c], ['coinbase_tx_version', 'U32', 2], ['coinbase_prefix', 'B0_255', '03012100'],
  ['coinbase_tx_input_nSequence', 'U32', 0xffffffff],
]
const customTail: Field[] = [
  ['coinbase_tx_locktime', 'U32', 903_387], ['merkle_path', 'SEQ0_255[U256]', [hash(60)]],
]
const customError: Field[] = [ch(9), req(11), ['error_code', 'STR0_255', 'invalid-mining-job-token']]
const group: Field[] = [
  ['group_channel_id', 'U32', 7], ['channel_ids', 'SEQ0_64K[U32]', [2, 3, 0xffffffff]],
]

const allocate: Row = ['AllocateMiningJobToken', 0x50, false, [['user_identifier', 'STR0_255', 'alice'], req(21)]]
const missing: Row = ['ProvideMissingTransactions', 0x55, false, [req(22), ['unknown_tx_position_list', 'SEQ0_64K[U16]', [0, 513]]]]
const provided: Row = ['ProvideMissingTransactions.Success', 0x56, false, [req(22), ['transaction_list', 'SEQ0_64K[B0_16M]', ['0200', '']]]]
const accepted = (type: string): Row => [type, 0x58, false, [req(22), ['new_mining_job_token', 'B0_255', 'ddeeff']]]
const declined = (type: string): Row => [type, 0x59, false, [req(22), ['error_code', 'STR0_255', 'invalid-mining-job-token'], ['error_details', 'B0_64K', '6e6f']]]

const template: Row = [
  'NewTemplate', 0x71, false, [
    ['template_id', 'U64', 0x1122334455667788n], ['future_template', 'BOOL', true], ['version', 'U32', 0x20000000], ['coinbase_tx_version', 'U32', 2],
    ['coinbase_prefix', 'B0_255', '03012100'], ['coinbase_tx_input_sequence', 'U32', 0xfffffffe],
    ['coinbase_tx_value_remaining', 'U64', 312_500_000n], ['coinbase_tx_outputs_count', 'U32', 1], ['coinbase_tx_outputs', 'B0_64K', OP_RETURN],
    ['coinbase_tx_locktime', 'U32', 0], ['merkle_path', 'SEQ0_255[U256]', []],
  ],
]
const templatePrevHash: Row = [
  'SetNewPrevHashTdp', 0x72, false, [
    ['template_id', 'U64', 2n], ['prev_hash', 'U256', hash(70)], ['header_timestamp', 'U32', 1_661_877_399], ['nBits', 'U32', 0x037fffff],
    ['target', 'U256', hash(80)],
  ],
]
const wantData: Row = ['RequestTransactionData', 0x73, false, [['template_id', 'U64', 2n]]]
const data: Row = [
  'RequestTransactionData.Success', 0x74, false, [
    ['template_id', 'U64', 2n], ['excess_data', 'B0_64K', '00'.repeat(32)], ['transaction_list', 'SEQ0_64K[B0_16M]', ['01', '0203']],
  ],
]
const noData: Row = [
  'RequestTransactionData.Error', 0x75, false, [
    ['template_id', 'U64', 2n], ['error_code', 'STR0_255', 'template-id-not-found'],
  ],
]
const solution: Row = [
  'SubmitSolution', 0x76, false, [
    ['template_id', 'U64', 2n], ['version', 'U32', 2], ['header_timestamp', 'U32', 1_661_877_399], ['header_nonce', 'U32', 0x037fffff],
    ['coinbase_tx', 'B0_64K', '0200000001'],
  ],
]

/** Same bytes in both editions. */
function common(edition: Edition): Vector[] {
  const of = (protocol: Vector['protocol'], from: Vector['from'], row: Row) => vector(edition, protocol, from, row)
  return [
    of('mining', 'client', setup),
    of('mining', 'server', success),
    of('mining', 'server', refused),
    of('mining', 'server', endpointChanged),
    of('mining', 'client', openStandard),
    of('mining', 'server', openStandardSuccess),
    of('mining', 'client', openExtended),
    of('mining', 'client', updateChannel),
    of('mining', 'server', setPrefix),
    of('mining', 'client', ['SubmitSharesStandard', 0x1a, true, share]),
    of('mining', 'server', prevHash),
    of('mining', 'server', setTarget),
    of('negotiation', 'client', allocate),
    of('negotiation', 'server', missing),
    of('negotiation', 'client', provided),
    of('templates', 'server', template),
    of('templates', 'server', templatePrevHash),
    of('templates', 'client', wantData),
    of('templates', 'server', data),
    of('templates', 'server', noData),
    of('templates', 'client', solution),
  ]
}

const mining = (from: Vector['from'], row: Row, extra = {}) => vector('current', 'mining', from, row, extra)
const declaring = (from: Vector['from'], row: Row, extra = {}) => vector('current', 'negotiation', from, row, extra)
/** The same job, with the TLV field that names its payout distribution. */
const following = (make: typeof mining, [type, number, channelMsg, fields]: Row) => {
  const size = fields.reduce((sum, [, kind, value]) => sum + encode(kind, value).length / 2, 0)
  const tail: Field = ['tail', 'B8', `0300010800${little(513n, 8)}`]
  return make('client', [type, number, channelMsg, [...fields, tail]], {
    id: `current-${type}-distribution`, drop: ['tail'], set: { distributionId: '513n' }, negotiated: [3],
    acceptedCuts: Array.from({ length: 5 }, (_, index) => size + index),
  })
}

const setCustom: Row = ['SetCustomMiningJob', 0x22, true, [...customHead, ['coinbase_tx_outputs', 'B0_64K', `02${OUTPUT}${OP_RETURN}`], ...customTail]]
const declare: Row = [
  'DeclareMiningJob', 0x57, false, [
    req(22), ['mining_job_token', 'B0_255', 'aabbcc'], ['version', 'U32', 0x20000000], ['coinbase_tx_prefix', 'B0_64K', '020000000001'],
    ['coinbase_tx_suffix', 'B0_64K', 'ffffffff'], ['wtxid_list', 'SEQ0_64K[U256]', [hash(90), hash(100)]], ['excess_data', 'B0_64K', ''],
  ],
]

const current: Vector[] = [
  ...common('current'),
  mining('server', [
    'Reconnect', 0x04, false, [
      ['new_host', 'STR0_255', ''], ['new_port', 'U16', 0],
    ],
  ]),
  mining('server', ['OpenMiningChannel.Error', 0x12, false, [req(1), ...errorFields('STR0_255')]]),
  mining('server', ['OpenExtendedMiningChannel.Success', 0x14, false, [...openExtendedSuccess, ['group_channel_id', 'U32', 7]]]),
  mining('server', [
    'NewMiningJob', 0x15, true,
    [ch(2), ['job_id', 'U32', 4], ['min_ntime', 'OPTION[U32]', 1_700_000_000], ['version', 'U32', 0x20000000], ['merkle_root', 'U256', hash(5)]],
  ]),
  mining('server', ['UpdateChannel.Error', 0x17, true, [ch(2), ...errorFields('STR0_255')]]),
  mining('client', ['CloseChannel', 0x18, true, [ch(2), ['reason_code', 'STR0_255', 'x'.repeat(40)]]]),
  mining('client', ['SubmitSharesExtended', 0x1b, true, [...share, ['extranonce', 'B0_32', hash(0)]]]),
  mining('server', ['SubmitShares.Success', 0x1c, true, shareSuccess]),
  mining('server', shareError('STR0_255')),
  mining('server', extendedJob(['min_ntime', 'OPTION[U32]', null])),
  mining('server', extendedJob(['min_ntime', 'OPTION[U32]', 1_700_000_000]), {
    id: 'current-NewExtendedMiningJob-active',
  }),
  mining('client', setCustom),
  following(mining, setCustom),
  mining('server', ['SetCustomMiningJob.Success', 0x23, true, [ch(9), req(11), ['job_id', 'U32', 12]]]),
  mining('server', ['SetCustomMiningJob.Error', 0x24, true, customError]),
  mining('server', ['SetGroupChannel', 0x25, false, group]),
  declaring('server', ['AllocateMiningJobToken.Success', 0x51, false, [req(21), ['mining_job_token', 'B0_255', 'aabbcc'], ['coinbase_tx_outputs', 'B0_64K', `01${OUTPUT}`]]]),
  declaring('client', declare),
  following(declaring, declare),
  declaring('server', [
    'SetPayoutDistribution', 0x00, false, [
      ['distribution_id', 'U64', 2n ** 63n], ['pool_payout', 'B0_64K', OUTPUT], ['payouts', 'SEQ0_64K[B0_64K]', [OUTPUT, OUTPUT]],
      ['dust_limits', 'SEQ0_64K[U32]', [294, 330]], ['additional_outputs', 'SEQ0_64K[B0_64K]', [OP_RETURN]],
    ],
  ], { negotiated: [3] }),
  declaring('server', ['SetPayoutDistribution', 0x00, false, [
    ['distribution_id', 'U64', 1n], ['pool_payout', 'B0_64K', OUTPUT], ['payouts', 'SEQ0_64K[B0_64K]', []],
    ['dust_limits', 'SEQ0_64K[U32]', []], ['additional_outputs', 'SEQ0_64K[B0_64K]', []],
  ]], { id: 'current-SetPayoutDistribution-pool-alone', negotiated: [3] }),
  declaring('server', accepted('DeclareMiningJob.Success')),
  declaring('server', declined('DeclareMiningJob.Error')),
  vector(
    'current', 'templates', 'client', [
      'CoinbaseOutputConstraints', 0x70, false, [
        ['coinbase_output_max_additional_size', 'U32', 100], ['coinbase_output_max_additional_sigops', 'U16', 1],
      ],
    ],
    { acceptedCuts: [4] },
  ),
  vector('current', 'templates', 'client', ['CoinbaseOutputConstraints', 0x70, false, [['coinbase_output_max_additional_size', 'U32', 100]]], {
    id: 'current-CoinbaseOutputConstraints-4-bytes', decodeOnly: true, set: { coinbaseOutputMaxAdditionalSigops: 400 },
  }),
]

const drafting = (from: Vector['from'], row: Row, extra = {}) => vector('draft', 'mining', from, row, extra)
const negotiating = (from: Vector['from'], row: Row, extra = {}) => vector('draft', 'negotiation', from, row, extra)
const future: Field = ['future_job', 'BOOL', true]
const openError: Field[] = [req(1), ...errorFields('STR0_32')]
const root = hash(5)

const draft: Vector[] = [
  ...common('draft'),
  drafting('server', ['OpenMiningChannel.Error', 0x12, false, openError]),
  drafting('server', ['OpenMiningChannel.Error', 0x15, false, openError], {
    id: 'draft-OpenMiningChannel.Error-extended', decodeOnly: true,
  }),
  drafting('server', ['OpenExtendedMiningChannel.Success', 0x14, false, openExtendedSuccess], {
    set: { groupChannelId: 9 },
  }),
  drafting('server', ['UpdateChannel.Error', 0x17, true, [ch(2), ...errorFields('STR0_32')]]),
  drafting('server', ['CloseChannel', 0x18, true, [ch(2), ['reason_code', 'STR0_32', 'x'.repeat(32)]]]),
  drafting('client', ['SubmitSharesExtended', 0x1b, true, [...share, ['extranonce', 'B0_31', hash(0).slice(2)]]]),
  drafting('server', ['SubmitShares.Success', 0x1c, true, shareSuccess], { acceptedCuts: [16] }),
  drafting('server', ['SubmitShares.Success', 0x1c, true, [...shareSuccess.slice(0, 3), ['new_shares_sum', 'U32', 6985]]], {
    id: 'draft-SubmitShares.Success-16-bytes', decodeOnly: true, set: { newSharesSum: '6985n' },
  }),
  drafting('server', shareError('STR0_32')),
  drafting('server', ['NewMiningJob', 0x1e, true, [ch(2), ['job_id', 'U32', 4], future, ['version', 'U32', 0x20000000], ['merkle_root', 'B32', root]]], {
    drop: ['future_job'],
  }),
  drafting('server', ['NewMiningJob', 0x1e, true, [ch(2), ['job_id', 'U32', 4], future, ['version', 'U32', 0x20000000], ['merkle_root', 'B0_32', root]]], {
    id: 'draft-NewMiningJob-46-bytes', decodeOnly: true, drop: ['future_job'], acceptedCuts: [45],
  }),
  drafting('server', extendedJob(future), { drop: ['future_job'] }),
  drafting(
    'client', [
      'SetCustomMiningJob', 0x22, false, [
        ...customHead, ['coinbase_tx_value_remaining', 'U64', 312_500_000n], ['coinbase_tx_outputs', 'SEQ0_64K[B0_64K]', [OUTPUT, OP_RETURN]],
        ...customTail, ['extranonce_size', 'U16', 8], ['future_job', 'BOOL', false],
      ],
    ],
    { drop: ['future_job'], set: { coinbaseTxOutputs: `0x02${OUTPUT}${OP_RETURN}` } },
  ),
  drafting('server', [
    'SetCustomMiningJob.Success', 0x23, false,
    [ch(9), req(11), ['job_id', 'U32', 12], ['coinbase_tx_prefix', 'B0_64K', '0200'], ['coinbase_tx_suffix', 'B0_64K', 'ffff']],
  ]),
  drafting('server', ['SetCustomMiningJob.Error', 0x24, false, [ch(9), req(11), ['error_code', 'STR0_32', 'invalid-job-param-value-coinbase_tx_input_nSequence']]]),
  drafting('server', ['SetGroupChannel', 0x26, false, group]),
  negotiating(
    'server', [
      'AllocateMiningJobToken.Success', 0x51, false,
      [req(21), ['mining_job_token', 'B0_255', 'aabbcc'], ['coinbase_output_max_additional_size', 'U32', 100], ['async_mining_allowed', 'BOOL', true]],
    ],
    { set: { coinbaseTxOutputs: '0x00' } },
  ),
  negotiating('server', ['AllocateMiningJobToken.Error', 0x52, false, [req(21), ['error_code', 'STR0_255', 'no-token-today']]]),
  negotiating('server', ['IdentifyTransactions', 0x53, false, [req(22)]]),
  negotiating('client', ['IdentifyTransactions.Success', 0x54, false, [req(22), ['tx_hash_list', 'SEQ0_64K[U256]', [hash(90)]]]]),
  negotiating('client', [
    'CommitMiningJob', 0x57, false, [
      req(22), ['mining_job_token', 'B0_255', 'aabbcc'], ['version', 'U32', 0x20000000], ['coinbase_tx_version', 'U32', 2],
      ['coinbase_prefix', 'B0_255', '03012100'], ['coinbase_tx_input_nSequence', 'U32', 0xffffffff],
      ['coinbase_tx_value_remaining', 'U64', 312_500_000n], ['coinbase_tx_outputs', 'SEQ0_64K[B0_64K]', [OUTPUT]], ['coinbase_tx_locktime', 'U32', 0],
      ['min_extranonce_size', 'U16', 8], ['tx_short_hash_nonce', 'U64', 0xfedcba9876543210n],
      ['tx_short_hash_list', 'SEQ0_64K[B8]', ['0001020304050607', '08090a0b0c0d0e0f']], ['tx_hash_list_hash', 'U256', hash(110)],
      ['excess_data', 'B0_64K', ''],
    ],
  ]),
  negotiating('server', accepted('CommitMiningJob.Success')),
  negotiating('server', declined('CommitMiningJob.Error')),
  vector('draft', 'templates', 'client', ['CoinbaseOutputConstraints', 0x70, false, [['coinbase_output_max_additional_size', 'U32', 100]]], {
    set: { coinbaseOutputMaxAdditionalSigops: 400 },
  }),
]

const document = {
  source: 'scripts/make-message-vectors.ts; ids with A4 and A5 are the literal bytes of docs/wire.md A.4 and A.5',
  format:
    'messages[]: frame = hex of the whole frame; message = domain message, bytes as "0x…", U64 as "…n", absent fields left out; ' +
    'from = the side that sends it; decodeOnly = written in another way; acceptedCuts = shorter payload lengths that are messages too; ' +
    'negotiated = extensions confirmed before; tlvByteOrder = how TLV fields are written, little-endian if not given',
  messages: [...current, ...draft, ...literalVectors()],
}
const path = join(import.meta.dirname, '../vectors/messages.json')
writeFileSync(path, `${JSON.stringify(document, null, 2)}\n`)
execFileSync('npx', ['biome', 'format', '--write', path])
