export { fastSha256, fastSha256d } from './fast-sha256d.ts'
export { fastestBackend } from './fastest-backend.ts'
