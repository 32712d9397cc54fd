export type { TokenMac } from './token.ts'
