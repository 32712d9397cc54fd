import type { PoolFact } from '@sv2/roles/pool'
import { Counter, Gauge, type Logger, type Registry, readableCode } from '@sv2/runtime'
import { LineBudget } from './line-budget.ts'

/** Difficulty 1 in hashes. */
const HASHES_PER_DIFFICULTY = 2 ** 32
/** The measured hash rate is that of this time, ms. */
const WINDOW_MS = 60_000

/** Turns what happens in the pool into log lines and numbers. */
export function createObserver(log: Logger, registry: Registry) {
  const registers = [registry]
  const accepted = new Counter({
    name: 'sv2_client_shares_accepted_total',
    help: 'Accepted shares',
    registers,
  })
  const work = new Counter({
    name: 'sv2_client_share_work_total',
    help: 'Sum of the difficulty of accepted shares',
    registers,
  })
  const refused = new Counter({
    name: 'sv2_client_shares_rejected_total',
    help: 'Refused shares by reason',
    labelNames: ['error_code'],
    registers,
  })
  const blocks = new Counter({ name: 'sv2_client_blocks_found_total', help: 'Blocks found', registers })
  const channelsRefused = new Counter({
    name: 'sv2_pool_channels_refused_total',
    help: 'Requests for channels refused, by reason',
    labelNames: ['error_code'],
    registers,
  })
  const setupsRefused = new Counter({
    name: 'sv2_pool_setups_refused_total',
    help: 'SetupConnections refused, by reason',
    labelNames: ['error_code'],
    registers,
  })
  const misbehaved = new Counter({
    name: 'sv2_pool_peers_misbehaved_total',
    help: 'Connections closed for what the peer sent',
    registers,
  })
  const jobs = new Counter({
    name: 'sv2_pool_jobs_sent_total',
    help: 'Jobs sent to all miners, by reason',
    labelNames: ['reason'],
    registers,
  })
  const changes = new Counter({
    name: 'sv2_pool_difficulty_changes_total',
    help: 'Changes of a channel difficulty',
    registers,
  })
  const templates = new Gauge({
    name: 'sv2_pool_template_provider_connected',
    help: '1 while the template provider is connected',
    registers,
  })
  const rate = new WorkRate()
  new Gauge({
    name: 'sv2_client_hashrate_total',
    help: 'Hash rate measured by accepted shares of the last minute, H/s',
    registers,
    collect() {
      this.set(rate.hashrate(performance.now()))
    },
  })

  const budget = new LineBudget()
  /** A line that a peer can cause as often as it likes; what is too many is for debugging only. */
  const limited =
    (level: 'warn' | 'info') =>
    (fields: Readonly<Record<string, unknown>>, text: string): void => {
      log[budget.take(text, performance.now()) ? level : 'debug'](fields, text)
    }
  const warn = limited('warn')
  const inform = limited('info')
  const totals = { accepted: 0, refused: 0, blocks: 0 }
  return {
    /** What has happened since the start, and H/s by the accepted shares of the last minute. */
    totals: () => ({ ...totals, hashrate: rate.hashrate(performance.now()) }),

    fact(fact: PoolFact): void {
      switch (fact.kind) {
        case 'shareAccepted':
          accepted.inc()
          totals.accepted++
          work.inc(fact.difficulty)
          rate.add(fact.difficulty, performance.now())
          return
        case 'shareRefused':
          refused.inc({ error_code: fact.code })
          totals.refused++
          return log.debug(
            { session: fact.session, channelId: fact.channelId, code: fact.code },
            'share refused',
          )
        case 'blockFound': {
          blocks.inc()
          totals.blocks++
          const { hash, session, channelId, templateId } = fact
          return log.info({ hash, session, channelId, templateId: String(templateId) }, 'block found')
        }
        case 'minerConnected':
          return log.info({ session: fact.session }, 'miner connected')
        case 'minerDisconnected':
          return log.info({ session: fact.session, channels: fact.channels }, 'miner disconnected')
        case 'setupRefused':
          setupsRefused.inc({ error_code: fact.code })
          return warn({ session: fact.session, code: fact.code, flags: fact.flags }, 'setup refused')
        case 'channelOpened': {
          const { session, channelId, channelKind, difficulty, nominalHashrate } = fact
          return inform({ session, channelId, channelKind, difficulty, nominalHashrate }, 'channel opened')
        }
        case 'channelRefused':
          channelsRefused.inc({ error_code: fact.code })
          warn({ session: fact.session, code: fact.code }, 'channel refused')
          // The miner's own words may be in it.
          return log.debug({ session: fact.session, detail: fact.detail }, 'why the channel was refused')
        case 'channelClosed':
          return inform({ session: fact.session, channelId: fact.channelId }, 'channel closed')
        case 'updateRefused':
          return warn({ session: fact.session, channelId: fact.channelId, code: fact.code }, 'update refused')
        case 'difficultyChanged': {
          changes.inc()
          const { session, channelId, from, to } = fact
          return log.debug({ session, channelId, from, to }, 'difficulty changed')
        }
        case 'jobSent':
          jobs.inc({ reason: fact.reason })
          return log.debug({ jobId: fact.jobId, reason: fact.reason, groups: fact.groups }, 'job sent')
        case 'newTip':
          return log.info({ prevHash: fact.prevHash, networkDifficulty: fact.networkDifficulty }, 'new tip')
        case 'templatesConnected':
          templates.set(1)
          return log.info('template provider connected')
        case 'templatesLost':
          templates.set(0)
          return log.warn('template provider lost; miners stay on the last job')
        case 'templatesRefused':
          return log.error({ code: readableCode(fact.code) }, 'template provider refused us')
        case 'templateIgnored':
          return log.warn({ templateId: String(fact.templateId), reason: fact.reason }, 'template ignored')
        case 'prefixNotRenewed':
          return log.warn(
            { session: fact.session, channelId: fact.channelId, reason: fact.reason },
            'extranonce prefix not renewed',
          )
        case 'peerMisbehaved':
          misbehaved.inc()
          return warn({ session: fact.session, reason: fact.reason }, 'miner misbehaved')
      }
    },
  }
}

/** Work of the last minute, in slices of a second: constant memory, whatever the share rate. */
class WorkRate {
  readonly #slices = new Float64Array(WINDOW_MS / 1000)
  #second = 0
  #started: number | undefined

  add(difficulty: number, now: number): void {
    this.#advance(now)
    this.#slices[this.#second % this.#slices.length]! += difficulty
  }

  hashrate(now: number): number {
    if (this.#started === undefined) return 0
    this.#advance(now)
    const overMs = Math.min(WINDOW_MS, Math.max(1000, now - this.#started))
    return (this.#slices.reduce((sum, slice) => sum + slice, 0) * HASHES_PER_DIFFICULTY * 1000) / overMs
  }

  #advance(now: number): void {
    this.#started ??= now
    const second = Math.floor(now / 1000)
    if (this.#second === 0) this.#second = second
    const steps = Math.min(second - this.#second, this.#slices.length)
    for (let step = 1; step <= steps; step++) this.#slices[(this.#second + step) % this.#slices.length] = 0
    this.#second = second
  }
}
