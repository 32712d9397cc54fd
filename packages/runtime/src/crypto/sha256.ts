export { fastSha256d } from './fast-sha256d.ts'
export { INITIAL_STATE } from './sha256-code.ts'
export { compress } from './sha256-compress.ts'
