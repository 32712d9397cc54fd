export {
  AddressError,
  type AddressErrorCode,
  addressToScript,
  scriptToAddress,
  witnessProgram,
} from './address.ts'
export { BIP54_COINBASE_SEQUENCE, BIP54_FORBIDDEN_STRIPPED_SIZE, bip54CoinbaseLocktime } from './bip54.ts'
export { BitcoinError, type BitcoinErrorCode } from './bitcoin-error.ts'
export {
  assembleBlock,
  type Block,
  blockSize,
  MAX_BLOCK_SIGOPS_COST,
  MAX_BLOCK_WEIGHT,
  parseBlock,
} from './block.ts'
export { ByteReader } from './byte-reader.ts'
export {
  compareLe,
  concatBytes,
  displayHash,
  equalBytes,
  hex,
  parseDisplayHash,
  reversed,
  unhex,
} from './bytes.ts'
export {
  addCoinbaseWitness,
  buildCoinbase,
  type CoinbaseParts,
  coinbaseSuffix,
  coinbaseTxid,
  coinbaseWeight,
  coinbaseWithWitness,
  MAX_COINBASE_SCRIPT_SIZE,
  MIN_COINBASE_SCRIPT_SIZE,
  type SplitCoinbase,
  stripCoinbaseWitness,
  WITNESS_RESERVED_VALUE,
} from './coinbase.ts'
export { type CompactSize, encodeCompactSize, readCompactSize } from './compact-size.ts'
export {
  difficultyToTarget,
  hashesPerShare,
  hashrateToTarget,
  hashToDifficulty,
  targetToDifficulty,
  targetToHashrate,
} from './difficulty.ts'
export {
  type BlockHeader,
  decodeHeader,
  encodeHeader,
  HEADER_SIZE,
  headerHash,
  writeHeader,
} from './header.ts'
export { encodeHeightPush, readHeightPush } from './height-push.ts'
export {
  coinbaseRoots,
  hasMutatedMerkleTree,
  merklePath,
  merklePathInSteps,
  merkleRoot,
  merkleRootFromPath,
} from './merkle.ts'
export { blockSubsidy, NETWORKS, type Network, type NetworkParams, networkOfChain } from './network.ts'
export { encodeOutput, parseCountedOutputs, parseOutputs, readOutput, type TxOutput } from './output.ts'
export { type CoinbaseWork, type Sha256d, sha256, sha256d } from './sha256d.ts'
export { type MessageVerdict, verifyMessage } from './signed-message.ts'
export { countLegacySigops, countScriptSigops } from './sigops.ts'
export { type SipHashKey, sipHash24, sipHash24Into, sipHashKey } from './siphash.ts'
export { type SpentOutput, signedVsize, unsignedPsbt } from './spending.ts'
export {
  bigintToTarget,
  DIFFICULTY_ONE_TARGET,
  MAX_TARGET,
  meetsTarget,
  nbitsToTarget,
  targetToBigint,
  targetToNbits,
} from './target.ts'
export {
  encodeStripped,
  encodeTransaction,
  hasWitness,
  isCoinbase,
  parseTransaction,
  readTransaction,
  strippedOf,
  stripWitness,
  type Transaction,
  type TxInput,
  transactionWeight,
  txid,
  wtxid,
} from './transaction.ts'
export {
  findWitnessCommitment,
  witnessCommitment,
  witnessCommitmentScript,
  witnessMerkleRoot,
} from './witness-commitment.ts'
