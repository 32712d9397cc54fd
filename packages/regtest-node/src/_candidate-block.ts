import {
  assembleBlock,
  BIP54_COINBASE_SEQUENCE,
  type BlockHeader,
  bip54CoinbaseLocktime,
  buildCoinbase,
  coinbaseTxid,
  coinbaseWithWitness,
  concatBytes,
  displayHash,
  encodeHeader,
  encodeHeightPush,
  headerHash,
  hex,
  meetsTarget,
  merkleRoot,
  nbitsToTarget,
  parseDisplayHash,
  parseTransaction,
  type TxOutput,
  txid,
  unhex,
  witnessCommitmentScript,
  witnessMerkleRoot,
  wtxid,
} from '@sv2/bitcoin'

/** The parts of a getblocktemplate answer that a miner uses. */
export type TemplateJson = {
  readonly version: number
  readonly previousblockhash: string
  readonly height: number
  readonly bits: string
  readonly curtime: number
  readonly coinbasevalue: number
  readonly transactions: readonly { readonly data: string }[]
}

/** How a candidate differs from the honest block of its template. */
export type Twist = {
  readonly header?: Partial<BlockHeader>
  readonly height?: number
  readonly value?: bigint
  /** Transactions in place of the template's. */
  readonly transactions?: readonly Uint8Array[]
  readonly extraOutputs?: readonly TxOutput[]
  readonly commitment?: 'none' | 'wrong'
  /** The coinbase goes out without its witness. */
  readonly bareCoinbase?: boolean
  readonly witnessReserved?: Uint8Array
  /** Look for a hash above the target instead. */
  readonly missTarget?: boolean
  readonly extranonce?: number
}

/** A block ready for submitblock. */
export type Candidate = { readonly hexdata: string; readonly hash: string }

const PAY_TO_ANYONE: Uint8Array = unhex(`0014${'11'.repeat(20)}`)

/** Mines a block from a template the way a pool does, with the given twist. */
export function candidateBlock(template: TemplateJson, twist: Twist = {}): Candidate {
  const raw = twist.transactions ?? template.transactions.map(({ data }) => unhex(data))
  const parsed = raw.map(parseTransaction)
  const commitment = witnessCommitmentScript(witnessMerkleRoot(parsed.map((tx) => wtxid(tx))))
  if (twist.commitment === 'wrong') commitment[10] = commitment[10]! ^ 1
  const height = twist.height ?? template.height
  const extranonce = unhex((twist.extranonce ?? 0).toString(16).padStart(8, '0'))
  const { prefix, suffix } = buildCoinbase({
    version: 2,
    scriptSigPrefix: concatBytes(encodeHeightPush(height), Uint8Array.of(4)),
    extranonceSize: 4,
    sequence: BIP54_COINBASE_SEQUENCE,
    outputs: [
      { value: twist.value ?? BigInt(template.coinbasevalue), script: PAY_TO_ANYONE },
      ...(twist.extraOutputs ?? []),
      ...(twist.commitment === 'none' ? [] : [{ value: 0n, script: commitment }]),
    ],
    locktime: bip54CoinbaseLocktime(template.height),
  })
  const coinbase = twist.bareCoinbase
    ? concatBytes(prefix, extranonce, suffix)
    : coinbaseWithWitness(prefix, extranonce, suffix, twist.witnessReserved)
  const header = mined(
    {
      version: template.version,
      prevHash: parseDisplayHash(template.previousblockhash),
      merkleRoot: merkleRoot([coinbaseTxid(prefix, extranonce, suffix), ...parsed.map((tx) => txid(tx))]),
      ntime: template.curtime,
      nbits: Number.parseInt(template.bits, 16),
      nonce: 0,
      ...twist.header,
    },
    twist.missTarget ?? false,
  )
  return { hexdata: hex(assembleBlock(header, [coinbase, ...raw])), hash: displayHash(headerHash(header)) }
}

function mined(header: BlockHeader, miss: boolean): Uint8Array {
  const target = nbitsToTarget(header.nbits)
  for (let nonce = 0; ; nonce++) {
    const bytes = encodeHeader({ ...header, nonce })
    if (meetsTarget(headerHash(bytes), target) !== miss) return bytes
  }
}
