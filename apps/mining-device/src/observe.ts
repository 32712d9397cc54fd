import { Counter, Gauge, type Logger, type Registry, readableCode } from '@sv2/app-kit'
import type { DeviceFact } from '@sv2/roles/device'

/** Live numbers of a device, since its start. */
export interface DeviceCounts {
  /** A channel is open. */
  readonly mining: boolean
  /** H/s, an average over some ten seconds. */
  readonly hashrate: number
  readonly submitted: number
  readonly accepted: number
  readonly refused: number
  /** Found, but not worth sending: a chip or thread has miscomputed. */
  readonly dropped: number
}

/** Codes of the specification; any other code is counted as `other`, so that a pool cannot make up labels. */
const SHARE_ERROR_CODES = new Set([
  'invalid-channel-id',
  'invalid-job-id',
  'stale-share',
  'difficulty-too-low',
  'duplicate-share',
])

/** Turns what happens in a mining device into log lines and numbers. */
export function createObserver(log: Logger, registry: Registry) {
  const metrics = createMetrics(registry)
  let counts: DeviceCounts = { mining: false, hashrate: 0, submitted: 0, accepted: 0, refused: 0, dropped: 0 }
  const setMining = (mining: boolean): void => {
    counts = { ...counts, mining }
    metrics.mining.set(mining ? 1 : 0)
  }

  return {
    counts: (): DeviceCounts => counts,

    /** The connection is gone, and the channel with it. */
    disconnected(): void {
      setMining(false)
    },

    fact(fact: DeviceFact): void {
      switch (fact.kind) {
        case 'connected':
          return log.info('connected')
        case 'setupRefused':
          return log.error(
            { code: readableCode(fact.code), flags: fact.flags },
            'the server refused the connection',
          )
        case 'extensionsAgreed':
          return log.info({ extensions: fact.extensions }, 'extensions agreed on')
        case 'extensionsUnanswered':
          return log.warn('the server did not answer what extensions it has; connecting again')
        case 'channelOpened':
          setMining(true)
          metrics.difficulty.set(fact.difficulty)
          return log.info({ channelId: fact.channelId, difficulty: fact.difficulty }, 'channel opened')
        case 'channelRefused':
          return log.error({ code: readableCode(fact.code) }, 'the server refused the channel')
        case 'channelClosed':
          setMining(false)
          return log.warn({ channelId: fact.channelId, reason: readableCode(fact.reason) }, 'channel closed')
        case 'difficultyChanged':
          metrics.difficulty.set(fact.difficulty)
          return log.info({ difficulty: fact.difficulty }, 'difficulty changed')
        case 'prefixChanged':
          return log.debug({ channelId: fact.channelId }, 'extranonce prefix changed')
        case 'newPrevHash':
          metrics.prevHashes.inc()
          return log.info({ prevHash: fact.prevHash }, 'new block')
        case 'shareSubmitted':
          counts = { ...counts, submitted: counts.submitted + 1 }
          metrics.submitted.inc()
          return log.debug({ sequenceNumber: fact.sequenceNumber, jobId: fact.jobId }, 'share submitted')
        case 'shareDropped':
          counts = { ...counts, dropped: counts.dropped + 1 }
          return log.debug({ jobId: fact.jobId, reason: fact.reason }, 'share dropped')
        case 'sharesAccepted':
          counts = { ...counts, accepted: counts.accepted + fact.count }
          metrics.accepted.inc(fact.count)
          metrics.work.inc(Number(fact.work))
          return log.debug({ shares: fact.count, work: String(fact.work) }, 'shares accepted')
        case 'shareRefused':
          counts = { ...counts, refused: counts.refused + 1 }
          metrics.refused.inc({ code: SHARE_ERROR_CODES.has(fact.code) ? fact.code : 'other' })
          return log.debug({ sequenceNumber: fact.sequenceNumber, code: fact.code }, 'share refused')
        case 'messageIgnored':
          return log.debug({ type: fact.type, reason: fact.reason }, 'message ignored')
        case 'hashrateMeasured': {
          counts = { ...counts, hashrate: fact.hashrate }
          metrics.hashrate.set(fact.hashrate)
          const { submitted, accepted, refused, dropped } = counts
          const shares = { submitted, accepted, refused, dropped }
          return log.info({ hashrateHps: Math.round(fact.hashrate), ...shares }, 'hashing')
        }
        case 'peerMisbehaved':
          return log.warn({ reason: fact.reason }, 'the server misbehaved')
        default:
          return fact satisfies never
      }
    },
  }
}

function createMetrics(registry: Registry) {
  const registers = [registry]
  const counter = (name: string, help: string): Counter =>
    new Counter({ name: `sv2_device_${name}`, help, registers })
  const gauge = (name: string, help: string): Gauge =>
    new Gauge({ name: `sv2_device_${name}`, help, registers })
  return {
    submitted: counter('shares_submitted_total', 'Shares sent'),
    accepted: counter('shares_accepted_total', 'Shares the server accepted'),
    work: counter('accepted_work_total', 'Sum of the difficulties the server accepted'),
    refused: new Counter({
      name: 'sv2_device_shares_refused_total',
      help: 'Shares the server refused, by error code',
      labelNames: ['code'],
      registers,
    }),
    prevHashes: counter('prev_hashes_total', 'New blocks announced'),
    hashrate: gauge('hashrate_hps', 'Measured hash rate, H/s'),
    difficulty: gauge('difficulty', 'Difficulty of a share'),
    mining: gauge('mining', '1 while a channel is open'),
  }
}
