export { type CommittedJob, commitTo, type JobCommitment } from './commitment.ts'
export { type CustomCoinbase, customOutputs, cutCoinbase, wholeCoinbase } from './custom-coinbase.ts'
export {
  accountKey,
  MAX_TOKEN_SCRIPTS,
  type MiningJobToken,
  openToken,
  sealToken,
  type TokenMac,
} from './token.ts'
