import type { Work } from './work.ts'

/** What happened in a mining device. */
export type DeviceFact =
  | { readonly kind: 'connected' }
  | { readonly kind: 'setupRefused'; readonly code: string; readonly flags: number }
  /** What a RequestExtensions of ours has led to. */
  | { readonly kind: 'extensionsAgreed'; readonly extensions: readonly number[] }
  /** A RequestExtensions was not answered; the connection is made again (EXT-20). */
  | { readonly kind: 'extensionsUnanswered' }
  | { readonly kind: 'channelOpened'; readonly channelId: number; readonly difficulty: number }
  | { readonly kind: 'channelRefused'; readonly code: string }
  | { readonly kind: 'channelClosed'; readonly channelId: number; readonly reason: string }
  | { readonly kind: 'difficultyChanged'; readonly difficulty: number }
  | { readonly kind: 'prefixChanged'; readonly channelId: number }
  | { readonly kind: 'newPrevHash'; readonly prevHash: string }
  | { readonly kind: 'shareSubmitted'; readonly sequenceNumber: number; readonly jobId: number }
  /** A share that would have been refused: a chip computed or rolled wrongly. */
  | { readonly kind: 'shareDropped'; readonly jobId: number; readonly reason: string }
  | { readonly kind: 'sharesAccepted'; readonly count: number; readonly work: bigint }
  | { readonly kind: 'shareRefused'; readonly sequenceNumber: number; readonly code: string }
  | { readonly kind: 'messageIgnored'; readonly type: string; readonly reason: string }
  | { readonly kind: 'hashrateMeasured'; readonly hashrate: number }
  | { readonly kind: 'peerMisbehaved'; readonly reason: string }

/** What a device asks of its driver beyond sending. */
export type DeviceCommand =
  /** Hash this from now on; undefined: stop. */
  | { readonly kind: 'work'; readonly work: Work | undefined }
  /** Dial this address from now on; an empty host or port 0 keeps the present one (DEV-30). Same authority key (SEC-21). */
  | { readonly kind: 'redial'; readonly host: string; readonly port: number }
