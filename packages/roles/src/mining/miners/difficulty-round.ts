import { compareLe } from '@sv2/bitcoin'
import { type Millis, NEVER } from '../../ground/role.ts'
import type { Channel } from '../channel/channel.ts'
import { difficultyFor, hashrateFor, type Level } from '../channel/difficulty.ts'
import type { Jobs } from '../channel/jobs.ts'
import type { VardiffSettings } from '../channel/vardiff.ts'
import { changeLevel } from './new-levels.ts'
import { noteSpeed } from './search-space.ts'
import type { MinersState } from './state.ts'

/** Time within which each channel is looked at one time, so that a silent one is noticed as well, ms. */
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

/** What bounds a channel's level besides what everybody's is bound by. */
export interface Bounds {
  /** The easiest the client accepts; undefined when it accepts any. */
  readonly easiest: Level | undefined
  /** Difficulty that an easier network takes nothing off. */
  readonly floor: number
}

/**
 * The level a channel gets for a difficulty: within the limits of the node, of the upstream, and of the
 * client. It is never harder than the network, so that a device that looks at its own target alone misses no block; but a
 * floor is a floor, and below it blocks are found by the network's target beside the channel's.
 */
export function levelFor(
  state: MinersState,
  book: Jobs,
  difficulty: number,
  { easiest, floor }: Bounds,
): Level {
  const { ladder, settings } = state
  const { minDifficulty } = settings
  const most = Math.min(Math.max(state.out.networkDifficulty, minDifficulty, floor), book.maxDifficulty)
  const near = difficulty > most ? ladder.atMost(most) : ladder.nearest(Math.max(difficulty, minDifficulty))
  const isTooEasy = near.difficulty < minDifficulty && minDifficulty <= book.maxDifficulty
  const level = book.only ?? (isTooEasy ? ladder.atLeast(minDifficulty) : near)
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

/** A wish that a channel's work does not allow now; undefined where it does. */
export function ungranted(book: Jobs, difficulty: number): number | undefined {
  return difficulty > book.maxDifficulty ? difficulty : undefined
}

/** Grants as much of a client's wish as its work allows by now: an upstream may ask for harder shares than at first. */
function grantWish(state: MinersState, channel: Channel, now: Millis): void {
  const { wish, book, easiest, level } = channel
  if (wish === undefined || book.maxDifficulty <= level.difficulty) return
  channel.wish = ungranted(book, wish)
  const granted = levelFor(state, book, wish, { easiest, floor: 0 })
  if (granted.difficulty > level.difficulty) changeLevel(state, channel, granted, now)
}

/** Holds one channel's shares against the aimed rate. */
export function adjustDifficulty(state: MinersState, channel: Channel, now: Millis): void {
  const { level, book, easiest } = channel
  noteSpeed(state, channel)
  if (book.only !== undefined || level.difficulty > book.maxDifficulty) {
    const dictated = levelFor(state, book, level.difficulty, { easiest, floor: 0 })
    if (dictated !== level) return changeLevel(state, channel, dictated, now)
    if (book.only !== undefined) return
  }
  grantWish(state, channel, now)
  if (!state.settings.vardiff) return
  const aim = aimOf(state, channel, now)
  const factor = channel.vardiff.verdict(aim, now)
  if (factor === undefined) return
  // its hash rate shows now, and what it had suggested no longer counts
  channel.wish = undefined
  const difficulty = level.difficulty * factor
  channel.hashrate = hashrateFor(difficulty, aim.sharesPerMinute)
  // what is found too often is not made easier, however easy the network is
  const floor = factor > 1 ? level.difficulty : 0
  changeLevel(state, channel, levelFor(state, book, difficulty, { easiest, floor }), now)
}

/** Channels that are looked at in one step, about; more channels have shorter steps. */
const CHANNELS_PER_STEP = 1_000
/** The longest a step is, ms. */
const MAX_STEP_MS = 1_000

/** Looks at the channels one after the other, all of them once per round. */
export class DifficultyRound {
  readonly #channels: readonly Channel[]
  #cursor = 0
  #last: Millis = 0
  #next: Millis = 0

  /** @param channels every open channel; read again at each step */
  constructor(channels: readonly Channel[]) {
    this.#channels = channels
  }

  /** When the next channels are looked at; `NEVER` while there are none. */
  nextDeadline(): Millis {
    return this.#channels.length > 0 ? this.#next : NEVER
  }

  /** Looks at the next channels; false while it is too early for that. */
  step(state: MinersState, now: Millis): boolean {
    if (now < this.#next) return false
    const channels = this.#channels
    const share = Math.min(1, Math.max(0, now - this.#last) / ROUND_MS)
    this.#last = now
    let left = Math.ceil(channels.length * share)
    while (left-- > 0 && channels.length > 0) {
      if (this.#cursor >= channels.length) this.#cursor = 0
      adjustDifficulty(state, channels[this.#cursor]!, now)
      this.#cursor++
    }
    this.#next = now + Math.min(MAX_STEP_MS, (ROUND_MS * CHANNELS_PER_STEP) / channels.length)
    return true
  }
}
