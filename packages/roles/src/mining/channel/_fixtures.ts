import { concatBytes, type Sha256d, sha256d } from '@sv2/bitcoin'
import type { SubmitSharesExtended, SubmitSharesStandard } from '@sv2/messages'
import { Channel, type ChannelSettings } from './channel.ts'
import { exactLevel } from './difficulty.ts'
import type { Job, Tip } from './job.ts'
import { JobBook } from './job-book.ts'

/** 2026-01-01. */
export const NOW = 1_767_225_600_000
export const NTIME = NOW / 1000

/** 32 bytes that are all alike. */
export function filled(byte: number, length = 32): Uint8Array {
  return new Uint8Array(length).fill(byte)
}

/** A target that so many leading bits of a hash must be zero for. */
export function zeroBits(bits: number): Uint8Array {
  const target = filled(0xff)
  for (let bit = 0; bit < bits; bit++) target[31 - (bit >> 3)]! &= 0xff >> ((bit & 7) + 1)
  return target
}

export function aTip(overrides: Partial<Tip> = {}): Tip {
  return {
    prevHash: filled(0xaa),
    minNtime: NTIME,
    nbits: 0x1d00ffff,
    networkTarget: zeroBits(40),
    ...overrides,
  }
}

export function aJob(jobId: number, overrides: Partial<Job> = {}): Job {
  return {
    jobId,
    space: jobId,
    order: jobId,
    version: 0x2000_0000,
    versionRollingAllowed: true,
    merklePath: [],
    coinbaseTxPrefix: concatBytes(filled(1, 40), Uint8Array.of(jobId)),
    coinbaseTxSuffix: filled(2, 20),
    activeSince: 0,
    tip: undefined,
    ...overrides,
  }
}

/** A book with one active job, number 1. */
export function aBook(tip: Tip = aTip()): JobBook {
  const book = new JobBook()
  book.addActive(aJob(1), tip, 1)
  return book
}

export function aChannel(overrides: Partial<ChannelSettings> = {}): Channel {
  const kind = overrides.kind ?? 'extended'
  return new Channel(
    {
      id: 1,
      session: 1,
      kind,
      book: aBook(),
      groupId: 0,
      grouped: false,
      lease: 0,
      prefix: Uint8Array.of(9, 9),
      extranonceSize: kind === 'extended' ? 4 : 0,
      versionMask: 0x1fff_e000,
      level: exactLevel(zeroBits(4)),
      easiest: undefined,
      nominalHashrate: 0,
      user: 'alice',
      worker: '',
      slot: 0,
      ...overrides,
    },
    NOW,
  )
}

export function aShare(overrides: Partial<SubmitSharesExtended> = {}): SubmitSharesExtended {
  return {
    type: 'SubmitSharesExtended',
    channelId: 1,
    sequenceNumber: 1,
    jobId: 1,
    nonce: 0,
    ntime: NTIME,
    version: 0x2000_0000,
    extranonce: filled(7, 4),
    ...overrides,
  }
}

export function aStandardShare(overrides: Partial<SubmitSharesStandard> = {}): SubmitSharesStandard {
  return {
    type: 'SubmitSharesStandard',
    channelId: 1,
    sequenceNumber: 1,
    jobId: 1,
    nonce: 0,
    ntime: NTIME,
    version: 0x2000_0000,
    ...overrides,
  }
}

/** Hashes headers to what the test says, everything else for real. */
export function hashing(header: Uint8Array | (() => Uint8Array)): Sha256d {
  return (data) => (data.length !== 80 ? sha256d(data) : typeof header === 'function' ? header() : header)
}
