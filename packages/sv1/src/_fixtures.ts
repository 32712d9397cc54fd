import type { Notify } from './index.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** The bytes of a text. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text)
}

/** The text of bytes. */
export function text(bytes: Uint8Array): string {
  return decoder.decode(bytes)
}

/** The bytes of hex text. */
export function unhex(digits: string): Uint8Array {
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}

/** The job of the Stratum documentation (block 00000000440b921e… of testnet3 before it). */
export function aJob(change: Partial<Notify> = {}): Notify {
  return {
    type: 'mining.notify',
    jobId: 'bf',
    prevHash: unhex('f8b6164d19e2f65a2aae448f787fe66d61e57a48c0c6771b1e920b4400000000'),
    coinbase1: unhex('0100000001'),
    coinbase2: unhex('072f736c7573682f'),
    merkleBranch: [unhex('c5'.repeat(32)), unhex('04'.repeat(32))],
    version: 2,
    nbits: 0x1c2ac4af,
    ntime: 0x504e86b9,
    cleanJobs: false,
    ...change,
  }
}

/** That job as a V1 server writes it. */
export const JOB_LINE =
  '{"id":null,"method":"mining.notify","params":["bf","4d16b6f85af6e2198f44ae2a6de67f78487ae5611b77c6c0440b921e00000000",' +
  `"0100000001","072f736c7573682f",["${'c5'.repeat(32)}","${'04'.repeat(32)}"],"00000002","1c2ac4af","504e86b9",false]}\n`
