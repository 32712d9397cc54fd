export type { Channel } from './channel/channel.ts'
export type { Job, Tip } from './channel/job.ts'
export { JobBook } from './channel/job-book.ts'
export type { Jobs } from './channel/jobs.ts'
export type { GoodShare, Share, ShareErrorCode } from './channel/judge.ts'
export { Miners } from './miners/miners.ts'
export type { MinersDeps, MinersEffect, MinersSettings } from './miners/state.ts'
export type {
  Assignment,
  CustomJob,
  CustomJobRequest,
  Refusal,
  ShareOutcome,
  WorkRequest,
  WorkSource,
  WorkTerms,
} from './miners/work-source.ts'
