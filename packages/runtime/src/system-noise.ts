import { fastestBackend } from './crypto/fastest-backend.ts'
import { randomBytes } from './random.ts'

/** What handshakes are made with in a process: the fastest backends, and the system's randomness. */
export const systemNoise = { backend: fastestBackend, randomBytes }
