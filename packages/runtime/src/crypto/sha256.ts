export { fastSha256d } from './fast-sha256d.ts'
export { compress } from './sha256-compress.ts'
export { INITIAL_STATE } from './sha256-words.ts'
