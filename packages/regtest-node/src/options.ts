import { difficultyToTarget, nbitsToTarget, targetToBigint, targetToNbits } from '@sv2/bitcoin'
import type { ChainParams } from './chain-params.ts'
import { GENESIS_TIME } from './genesis.ts'
import { EASIEST_NBITS } from './node-core.ts'

/** How an embedded node is to be. Everything has a default. */
export type RegtestNodeOptions = {
  /** The only network there is. */
  readonly network?: 'regtest'
  /** Address to listen on; default 127.0.0.1. */
  readonly host?: string
  /** Port to listen on; default 0, any free one. */
  readonly port?: number
  /** Login for RPC, besides the cookie. Both or none. */
  readonly rpcUser?: string
  readonly rpcPassword?: string
  /** Where to write `__cookie__:password`, mode 0600, as a real node does; removed when the node stops. */
  readonly cookieFile?: string
  /** Compact target of blocks after the initial ones; default regtest's 207fffff, one block in two hashes. */
  readonly nbits?: number
  /** The same as a difficulty; a block takes about 2^32 times as many hashes. 0.00001 is about 43 000 hashes. Not both. */
  readonly difficulty?: number
  /** So many seconds after a block the next may have regtest's trivial difficulty, as on testnets after 1,200; default: never. */
  readonly minDifficultyAfterSec?: number
  /** Payments a second the wallet sends to fill the mempool; default 0. */
  readonly mempoolRate?: number
  /** Unix time in seconds, not before the initial chain of February 2011; default the machine's. */
  readonly clock?: () => number
  /** Confirmations before a coinbase may be spent; default 100. */
  readonly coinbaseMaturity?: number
  /** Easy blocks mined to the own wallet before the node starts; default ten more than the maturity. */
  readonly initialBlocks?: number
  /** Seed of the wallet's keys. Nodes of the same seed share coins and start with the very same chain. */
  readonly walletSeed?: string
  /** How long a long poll waits after the mempool changed before it answers, in milliseconds; default 5000. */
  readonly longPollDelayMs?: number
}

const REFUSED = (key: string, value: unknown, range: string): RangeError =>
  new RangeError(`regtest node option ${key} = ${String(value)}: ${range}`)

/** The consensus rules these options ask for. @throws {RangeError} naming key, value and allowed range. */
export function chainParams(options: RegtestNodeOptions): ChainParams {
  const maturity = options.coinbaseMaturity ?? 100
  if (!Number.isInteger(maturity) || maturity < 0)
    throw REFUSED('coinbaseMaturity', maturity, 'an integer from 0')
  const started = options.clock?.()
  if (started !== undefined && !(started > GENESIS_TIME))
    throw REFUSED('clock', started, `later than ${GENESIS_TIME}`)
  const initial = options.initialBlocks ?? maturity + 10
  if (!Number.isInteger(initial) || initial < 0) throw REFUSED('initialBlocks', initial, 'an integer from 0')
  const late = options.minDifficultyAfterSec
  if (late !== undefined && !(late > 0)) throw REFUSED('minDifficultyAfterSec', late, 'above 0')
  return {
    coinbaseMaturity: maturity,
    easyBlocks: initial,
    nbits: chosenNbits(options),
    minDifficultyAfterSec: late,
  }
}

function chosenNbits({ nbits, difficulty }: RegtestNodeOptions): number {
  if (nbits !== undefined && difficulty !== undefined)
    throw REFUSED('difficulty', difficulty, 'not together with nbits')
  if (difficulty !== undefined && !(Number.isFinite(difficulty) && difficulty > 0)) {
    throw REFUSED('difficulty', difficulty, 'a number above 0')
  }
  const easiest = targetToBigint(nbitsToTarget(EASIEST_NBITS))
  if (difficulty !== undefined) {
    const target = difficultyToTarget(difficulty)
    return targetToBigint(target) > easiest ? EASIEST_NBITS : targetToNbits(target)
  }
  if (nbits === undefined) return EASIEST_NBITS
  const target = nbitsToTarget(nbits)
  if (targetToBigint(target) > easiest || targetToNbits(target) !== nbits || targetToBigint(target) === 0n) {
    throw REFUSED('nbits', nbits.toString(16), 'a canonical compact target up to 207fffff')
  }
  return nbits
}
