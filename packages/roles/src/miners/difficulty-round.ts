import { compareLe } from '@sv2/bitcoin'
import type { Channel } from '../channel/channel.ts'
import { difficultyFor, hashrateFor, type Level } from '../channel/difficulty.ts'
import type { JobBook } from '../channel/job-book.ts'
import type { VardiffSettings } from '../channel/vardiff.ts'
import type { Millis } from '../role.ts'
import { type MinersState, nextOrder, send } from './state.ts'
import { freshJob, sendOwnJob } from './work.ts'

/** Every channel is looked at once in this time, so that silence is noticed as well. */
const ROUND_MS = 5_000

/** However many workers name themselves on a channel, it is not made to send more shares a minute than this. */
const MAX_SHARES_PER_MINUTE = 600

/**
 * What a channel's difficulty aims at: the set rate, for each of the workers that share the channel, so that the slower
 * ones are seen as well (EXT-27).
 */
export function aimOf(state: MinersState, channel: Channel, now: Millis): VardiffSettings {
  const { settings } = state
  const workers = channel.workers?.count(now) ?? 0
  if (workers <= 1) return settings
  const { sharesPerMinute } = settings
  const most = Math.max(sharesPerMinute, MAX_SHARES_PER_MINUTE)
  return { sharesPerMinute: Math.min(sharesPerMinute * workers, most) }
}

/**
 * The level a channel gets for a difficulty: within the limits of the node, of the network, of whoever gives the work,
 * and of the client.
 */
export function levelFor(
  state: MinersState,
  book: JobBook,
  difficulty: number,
  easiest: Level | undefined,
): Level {
  const { ladder, settings } = state
  const wanted = Math.min(Math.max(difficulty, settings.minDifficulty), Number.MAX_VALUE)
  const most = Math.min(state.networkDifficulty, book.maxDifficulty)
  const level = book.only ?? (wanted > most ? ladder.atMost(most) : ladder.nearest(wanted))
  return easiest !== undefined && compareLe(level.target, easiest.target) > 0 ? easiest : level
}

/** The difficulty to begin with: that of the declared hash rate, where there is one. */
export function startDifficulty(
  state: MinersState,
  nominalHashrate: number,
  aim: VardiffSettings = state.settings,
): number {
  if (nominalHashrate <= 0) return state.settings.startDifficulty
  return difficultyFor(nominalHashrate, aim.sharesPerMinute)
}

/** Changes a channel's level: SetTarget, and where there is one a fresh job, so that it holds at once (POOL-46). */
export function changeLevel(state: MinersState, channel: Channel, level: Level, now: Millis): void {
  const from = channel.level
  channel.vardiff.restart(now)
  if (level === from || compareLe(level.target, from.target) === 0) return
  const job = freshJob(state, channel)
  channel.setLevel(level, job?.order ?? nextOrder(state))
  send(state, channel.session, { type: 'SetTarget', channelId: channel.id, maximumTarget: level.target })
  if (job !== undefined) sendOwnJob(state, channel, job)
  state.out.push({
    kind: 'difficultyChanged',
    session: channel.session,
    channelId: channel.id,
    from: from.difficulty,
    to: level.difficulty,
  })
}

/** Holds one channel's shares against the aimed rate. */
export function adjustDifficulty(state: MinersState, channel: Channel, now: Millis): void {
  const { level, book, easiest } = channel
  if (book.only !== undefined || level.difficulty > book.maxDifficulty) {
    const dictated = levelFor(state, book, level.difficulty, easiest)
    if (dictated !== level) return changeLevel(state, channel, dictated, now)
    if (book.only !== undefined) return
  }
  if (!state.settings.vardiff) return
  const aim = aimOf(state, channel, now)
  const factor = channel.vardiff.verdict(aim, now)
  if (factor === undefined) return
  const difficulty = channel.level.difficulty * factor
  channel.hashrate = hashrateFor(difficulty, aim.sharesPerMinute)
  changeLevel(state, channel, levelFor(state, channel.book, difficulty, channel.easiest), now)
}

/** Looks at the channels one after the other, all of them once per round. */
export class DifficultyRound {
  #cursor = 0
  #last: Millis = 0

  step(state: MinersState, now: Millis): void {
    const { channels } = state
    const share = Math.min(1, Math.max(0, now - this.#last) / ROUND_MS)
    this.#last = now
    let left = Math.ceil(channels.length * share)
    while (left-- > 0 && channels.length > 0) {
      if (this.#cursor >= channels.length) this.#cursor = 0
      adjustDifficulty(state, channels[this.#cursor]!, now)
      this.#cursor++
    }
  }
}
