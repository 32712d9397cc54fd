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

/** What a template leaves free for the coinbase. */
export interface Room {
  /** Weight units for header, transaction count and the whole coinbase transaction. */
  readonly weight: number
  /** Signature operation cost of the coinbase's outputs. */
  readonly sigops: number
}

/** A template that the node has made to the end for one room, and that is handed out as it is. */
export interface MadeTemplate {
  readonly room: Room
  readonly coinbase: {
    readonly version: number
    readonly sequence: number
    readonly locktime: number
    /** Beginning of the input's script. */
    readonly scriptPrefix: Uint8Array
    /** Serialized; the last outputs of the coinbase. */
    readonly outputs: readonly Uint8Array[]
  }
  /** From the coinbase's side to the root, 32 bytes each, header byte order. */
  readonly merklePath: readonly Uint8Array[]
  /** Full serializations, without the coinbase. */
  readonly transactions: readonly Uint8Array[]
}

/** A block template as a Bitcoin node hands it out (BIP 22, BIP 23, BIP 145; or Core's mining interface), in our types. */
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
  /** To choose from; none where the node has chosen (`made`). */
  readonly transactions: readonly NodeTransaction[]
  readonly weightLimit: number
  readonly sigopLimit: number
  /** SegWit is active: the coinbase commits to the witnesses. */
  readonly segwit: boolean
  /** Script of the witness commitment output for all transactions, where the node has computed it already. */
  readonly commitmentScript?: Uint8Array
  /** Merkle path of the coinbase beside all transactions, from its side to the root, where it is computed already. */
  readonly merklePath?: readonly Uint8Array[]
  /** It has no transactions because the node has not told them yet: a whole one follows as soon as it has. */
  readonly isProvisional?: true
  /** Where the node makes templates for a room, instead of a list to choose from. */
  readonly made?: MadeTemplate
}
