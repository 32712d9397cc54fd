export {
  type Distribution,
  firstPayouts,
  type MinerPayee,
  type Payee,
  type RewardSplit,
  rewardOutputs,
  splitReward,
} from './distribution.ts'
