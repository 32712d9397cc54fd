import { compareLe } from '@sv2/bitcoin'
import type { Millis } from '../../ground/role.ts'
import type { Channel } from '../channel/channel.ts'
import type { Level } from '../channel/difficulty.ts'
import type { Job } from '../channel/job.ts'
import type { Jobs } from '../channel/jobs.ts'
import { type MinersState, nextOrder } from './state.ts'
import { sendOwnJob, tell } from './work.ts'

/** Channels that get another level at one moment. */
const MAX_AT_ONCE = 512
/** Channels that wait for another level are looked at this often, ms. */
const WAIT_MS = 250

/**
 * Changes a channel's level: SetTarget, and a job with it that no client has seen before, so that it holds at once and
 * no hash that was known when it was asked for counts by it. Where there is no such job now, the change waits for one.
 */
export function changeLevel(state: MinersState, channel: Channel, level: Level, now: Millis): void {
  if (isSame(level, channel.level)) {
    channel.wanted = undefined
    channel.vardiff.restart(now)
    return
  }
  if (bringsItsJobs(state, channel)) {
    // its jobs may be as old as the tip: a new level holds from the next tip on. The client's own limit is told at once.
    if (isWithinLimit(channel)) return putOff(state, channel, level)
    return give(state, channel, level, undefined)
  }
  if (channel.book.active === undefined) return give(state, channel, level, undefined)
  // where others wait it waits with them: the next fresh job is for all of them
  const job = state.due.wanting.size > 0 ? undefined : newJob(state, channel.book)
  if (job === undefined) return putOff(state, channel, level)
  give(state, channel, level, job)
}

/** The channel gets a level as soon as it can be given a fresh job, or with the next tip. */
export function putOff(state: MinersState, channel: Channel, level: Level): void {
  channel.wanted = level
  if (bringsItsJobs(state, channel)) {
    state.due.retargeted.add(channel)
    return
  }
  if (state.due.wanting.size === 0) state.due.timers.set('levels', state.now + WAIT_MS)
  state.due.wanting.add(channel)
}

/** Gives the channels that wait for another level theirs, as many as is done at one moment. */
export function giveWanted(state: MinersState): void {
  if (!state.due.timers.isDue('levels', state.now)) return
  giveNow(state)
  if (state.due.wanting.size === 0) state.due.timers.stop('levels')
  else state.due.timers.set('levels', state.now + WAIT_MS)
}

function giveNow(state: MinersState): void {
  const before = state.out.order
  const jobs = new Map<Jobs, Job | undefined>()
  let left = MAX_AT_ONCE
  for (const channel of state.due.wanting) {
    const { wanted, book } = channel
    if (wanted === undefined || channel.closed) {
      state.due.wanting.delete(channel)
      continue
    }
    if (left === 0) return
    if (!jobs.has(book)) jobs.set(book, newJob(state, book, before))
    const job = jobs.get(book)
    if (job === undefined && book.active !== undefined) continue
    state.due.wanting.delete(channel)
    give(state, channel, wanted, job)
    left--
  }
}

/**
 * A new tip is told: clients that bring their own jobs get the level that waited for it, and who had a future job
 * before its level changed gets another one.
 */
export function levelsOfTip(state: MinersState): void {
  for (const channel of state.due.retargeted) {
    if (channel.closed || channel.wanted === undefined || !bringsItsJobs(state, channel)) continue
    state.due.retargeted.delete(channel)
    give(state, channel, channel.wanted, undefined)
  }
  state.out.tipOrder = nextOrder(state)
  for (const channel of state.due.retargeted) {
    const { active } = channel.book
    if (channel.closed || active === undefined || channel.levelAt(active.order) === channel.level) continue
    putOff(state, channel, channel.wanted ?? channel.level)
  }
  state.due.retargeted.clear()
  state.due.timers.set('levels', state.now)
  giveWanted(state)
}

function give(state: MinersState, channel: Channel, level: Level, job: Job | undefined): void {
  const from = channel.level
  channel.wanted = undefined
  // not before: while it waits for its level, every share tells more of what that has to be
  channel.vardiff.restart(state.now)
  if (!isSame(level, from)) {
    const oldest = bringsItsJobs(state, channel) ? state.out.tipOrder : undefined
    channel.setLevel(level, job?.order ?? nextOrder(state), oldest)
    if (channel.book.isWaiting) state.due.retargeted.add(channel)
    const { id: channelId, session } = channel
    tell(state, channel, { type: 'SetTarget', channelId, maximumTarget: level.target })
    state.emit({
      kind: 'difficultyChanged',
      session,
      channelId,
      from: from.difficulty,
      to: level.difficulty,
    })
  }
  if (job !== undefined) sendOwnJob(state, channel, job)
}

/**
 * A job of the present tip that was made this moment; undefined where the source makes none now.
 * @param before place in the order at which the moment began: books with one root have their jobs of one making
 */
function newJob(state: MinersState, book: Jobs, before: number = state.out.order): Job | undefined {
  const job = state.source.extraJob(book)
  return job !== undefined && job.order > before ? job : undefined
}

function bringsItsJobs(state: MinersState, channel: Channel): boolean {
  return state.connected.connections.get(channel.session)?.requiresWorkSelection === true
}

function isWithinLimit({ level, easiest }: Channel): boolean {
  return easiest === undefined || compareLe(level.target, easiest.target) <= 0
}

function isSame(a: Level, b: Level): boolean {
  return a === b || compareLe(a.target, b.target) === 0
}
