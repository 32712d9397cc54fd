import { HeaderSearch } from './header-search.ts'

const NOTHING_MEETS = new Uint8Array(32)
const STRETCH = 5_000

/** How fast one thread of this machine hashes, H/s: measured on this thread, which it holds up for `ms`. */
export function measureHashrate(ms: number): number {
  const search = new HeaderSearch(new Uint8Array(80), NOTHING_MEETS)
  // Code that was not run before is not compiled yet.
  search.find(0, STRETCH)
  const start = performance.now()
  let hashes = 0
  let took = 0
  while (took < ms) {
    search.find(hashes, STRETCH)
    hashes += STRETCH
    took = performance.now() - start
  }
  return (hashes * 1000) / took
}
