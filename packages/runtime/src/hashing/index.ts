export { createHasher, type Hasher, type HasherObserver, type HasherSettings } from './hasher.ts'
export { measureHashrate } from './measure-hashrate.ts'
export type { FoundShare } from './work-search.ts'
