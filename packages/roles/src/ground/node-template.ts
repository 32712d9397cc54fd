/** One transaction of a node's template. */
export interface NodeTransaction {
  /** Full serialization, witness included. */
  readonly data: Uint8Array
  /** Transaction id, header byte order. */
  readonly txid: Uint8Array
  /** Witness transaction id, header byte order. */
  readonly wtxid: Uint8Array
  /** Satoshi. */
  readonly fee: bigint
  /** Weight units. */
  readonly weight: number
  /** Signature operation cost. */
  readonly sigops: number
  /** Places (0-based) of transactions in the same template that this one spends from. */
  readonly depends: readonly number[]
}

/** A block template as a Bitcoin node hands it out (BIP 22, BIP 23, BIP 145), in our types. */
export interface NodeTemplate {
  /** Header byte order. */
  readonly prevHash: Uint8Array
  readonly height: number
  readonly version: number
  readonly nbits: number
  /** 32 bytes, little-endian. */
  readonly target: Uint8Array
  /** Unix seconds. */
  readonly curtime: number
  /** Earliest header time, unix seconds. */
  readonly mintime: number
  /** Subsidy and all fees, satoshi. */
  readonly coinbaseValue: bigint
  readonly transactions: readonly NodeTransaction[]
  readonly weightLimit: number
  readonly sigopLimit: number
  /** SegWit is active: the coinbase commits to the witnesses. */
  readonly segwit: boolean
  /** Script of the witness commitment output for all transactions, where the node has computed it already. */
  readonly commitmentScript?: Uint8Array
  /** It has no transactions because the node has not told them yet: a whole one follows as soon as it has. */
  readonly isProvisional?: true
}
