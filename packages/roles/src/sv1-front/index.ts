export type { V1Fact, V1ShareRefusal, WorkerRefusal } from './facts.ts'
export type { PaidAddress, PayoutCheck, Sv1FrontSettings, Sv1Limits } from './settings.ts'
