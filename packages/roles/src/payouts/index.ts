export { PAYOUT_DISTRIBUTION } from '@sv2/messages'
export {
  type CoinbaseRoom,
  type CoinbaseSpace,
  DEFAULT_PAYOUT_CLASS,
  PAYOUT_CLASSES,
} from './coinbase-room.ts'
export {
  type Distribution,
  firstPayouts,
  type MinerPayee,
  type Payee,
  type RewardSplit,
  rewardOutputs,
  splitReward,
} from './distribution.ts'
export { SOLO_PAYOUT, type SoloTerms, soloOutputs } from './solo.ts'
