/** What stands in a journal, in the order in which it happened. Money in satoshi, times in ms since the Unix epoch. */
export type JournalRecord =
  | AccountRecord
  | WorkerRecord
  | JobRecord
  | ShareRecord
  | TipRecord
  | BlockRecord
  | ChainRecord
  | PaymentRecord
  | AddressRecord
  | TermsRecord

/** Gives an account its number: shares name it by that. */
export interface AccountRecord {
  readonly kind: 'account'
  /** From 1 on. A later record may give the number to another account: it holds from there on. */
  readonly account: number
  /** An address, or a name. At most 255 bytes of UTF-8. */
  readonly name: string
  /** Output script that is paid; empty while no address is known. */
  readonly script: Uint8Array
}

/** Gives a worker its number. */
export interface WorkerRecord {
  readonly kind: 'worker'
  /** From 1 on, as an account's; 0 stands for a share without a worker's name. */
  readonly worker: number
  readonly name: string
}

/** A job that was given to miners: with it, a share proves that its hash pays the pool. */
export interface JobRecord {
  readonly kind: 'job'
  /** Number of the job in this journal. */
  readonly job: number
  readonly time: number
  /** The payout distribution its coinbase follows; 0 when it follows none. */
  readonly distributionId: bigint
  /** The pool made it; false: a miner brought it. */
  readonly isOwn: boolean
  /** What all outputs of the coinbase add up to. */
  readonly value: bigint
  /** Coinbase before and behind the extranonce, without witness. */
  readonly coinbasePrefix: Uint8Array
  readonly coinbaseSuffix: Uint8Array
  /** Siblings of the coinbase, lowest first, 32 bytes each. */
  readonly merklePath: readonly Uint8Array[]
}

/** A share that was credited. */
export interface ShareRecord {
  readonly kind: 'share'
  readonly time: number
  /** The job's number in this journal. */
  readonly job: number
  readonly account: number
  /** 0: the share names no worker. */
  readonly worker: number
  /** Hashes that the share stands for: ⌊2^256 / (target + 1)⌋ of the target the miner was held to. Below 2^128. */
  readonly work: bigint
  /** Hashes that a block takes at the share's tip, in the same way. */
  readonly networkWork: bigint
  /** On a job that a miner brought, what the pool gets of its `rewardTotal`, satoshi; both 0 on a job of the pool. */
  readonly rewardToPool: bigint
  readonly rewardTotal: bigint
  readonly distributionId: bigint
  /** 80 bytes. */
  readonly header: Uint8Array
  /** Whole extranonce of the coinbase, at most 32 bytes. */
  readonly extranonce: Uint8Array
}

/** The pool began to work on another tip. */
export interface TipRecord {
  readonly kind: 'tip'
  readonly time: number
  /** Height of the block that is sought. */
  readonly height: number
  /** Header byte order. */
  readonly prevHash: Uint8Array
  readonly nbits: number
}

/** A block that pays the pool was found, by a share of ours or by a look at the chain. */
export interface BlockRecord {
  readonly kind: 'block'
  readonly time: number
  readonly height: number
  /** Header byte order. */
  readonly hash: Uint8Array
  /** The finder; 0 when it is not known. */
  readonly account: number
  readonly worker: number
  readonly distributionId: bigint
  /** The coinbase as it was mined, without witness: what it pays is what is booked. */
  readonly coinbase: Uint8Array
  readonly header: Uint8Array
  /** `share`: the pool saw its proof of work. `chain`: the reconciler met it in the chain, and no record knew it. */
  readonly source: 'share' | 'chain'
}

/** What the chain says of a block of ours. */
export interface ChainRecord {
  readonly kind: 'chain'
  readonly time: number
  readonly hash: Uint8Array
  /** Blocks on top of it, itself included; 0: it is not part of the chain. */
  readonly confirmations: number
}

/** A payment from the operator's wallet, proposed or made. */
export interface PaymentRecord {
  readonly kind: 'payment'
  readonly time: number
  /** Header byte order; of the transaction that paid. */
  readonly txid: Uint8Array
  /** Accounts and what each was paid. */
  readonly paid: readonly { readonly account: number; readonly value: bigint }[]
}

/** From here on an account that is known by its name is paid to an address. */
export interface AddressRecord {
  readonly kind: 'address'
  readonly time: number
  /** Of the account. */
  readonly name: string
  /** Output script of the address. */
  readonly script: Uint8Array
  /** When the owner of the address signed, by his own words. */
  readonly signedAt: number
  /** Base64, of the address itself, and of the one before where there was one; see `payoutMessage`. */
  readonly signatures: readonly string[]
}

/** On what terms the pool splits what comes after: its scheme, fee, and the like, as the operator set them. */
export interface TermsRecord {
  readonly kind: 'terms'
  readonly time: number
  /** JSON, at most 64 KiB. */
  readonly terms: string
}
