export {
  type EarningsQuery,
  type LedgerStore,
  SPANS,
  type StoreBatch,
  type StoredBlock,
  type StoredEarning,
  type StoredWork,
  StoreOrderError,
  type WorkPoint,
  type WorkQuery,
} from './ledger-store.ts'
export { openStore, type StoreSettings, storeProblem } from './open-store.ts'
export { Projection, wholeBatch } from './projection.ts'
