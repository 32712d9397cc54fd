import type { Message } from '@sv2/messages'
import type { Sv1ToServer } from '@sv2/sv1'
import type { Emit, Millis, SessionId } from '../ground/role.ts'
import { Timers } from '../ground/timers.ts'
import { hashrateFor } from '../mining/channel/difficulty.ts'
import type { UpstreamWorkEffect } from '../work/upstream/upstream-work.ts'
import type { V1Fact } from './facts.ts'
import { FormerChannels } from './former-channels.ts'
import { end, type FrontSettings, type FrontState, type MinerCore, type V1ToV2Effect } from './front-state.ts'
import { JobLines } from './job-lines.ts'
import { introduce, retarget } from './opening.ts'
import { takeLine } from './requests.ts'
import { Sv1Session } from './sv1-session.ts'
import { SILENT_MS, toMiner, toMiners } from './to-miner.ts'
import { tellMask } from './version-rolling.ts'

/** Who has heard nothing for long is looked for this often, ms. */
const ROUND_MS = 5_000
/** A silent miner is made to find this many times as many shares, and not before it was silent so often. */
const SILENT_FACTOR = 8
const SILENT_ROUNDS = 2

/** What the front needs of its surroundings. */
export interface Sv1FrontDeps {
  readonly core: MinerCore
  readonly randomBytes: (count: number) => Uint8Array
  /** Where the core emits what it wants; `flow` performs it when the core has finished what it is at. */
  readonly fromCore: UpstreamWorkEffect[]
  readonly emit: Emit<V1ToV2Effect>
}

/**
 * Stratum V1 in front of a node of Stratum V2: a V1 session is a connection of the core with one extended channel,
 * whose messages are said here as lines. Lines become messages, and what the core does about them becomes lines.
 */
export class Sv1Front {
  readonly #state: FrontState
  readonly #fromCore: UpstreamWorkEffect[]
  readonly #timers = new Timers('round')

  constructor(settings: FrontSettings, deps: Sv1FrontDeps) {
    this.#fromCore = deps.fromCore
    this.#state = {
      settings,
      ...deps,
      sessions: new Map(),
      former: new FormerChannels(settings.front),
      lines: new JobLines(),
      probing: this.#timers.queue(),
      idle: this.#timers.queue(),
      silent: this.#timers.queue(),
      owed: this.#timers.queue(),
      rolled: settings.work.rolled.most,
      book: undefined,
    }
  }

  /** V1 connections, and those of them that have a channel. */
  get counts(): { readonly sessions: number; readonly miners: number } {
    let miners = 0
    for (const { stage } of this.#state.sessions.values()) if (stage === 'mining') miners++
    return { sessions: this.#state.sessions.size, miners }
  }

  has(session: SessionId): boolean {
    return this.#state.sessions.has(session)
  }

  /** Adds a fact to what is to be done. */
  tellFact(fact: V1Fact): void {
    this.#state.emit(fact)
  }

  nextDeadline(): Millis {
    return this.#timers.nextDeadline()
  }

  /** A V1 connection came in by a door. */
  opened(session: SessionId, door: number, now: Millis): void {
    const { sessions, settings, idle } = this.#state
    const { limits } = settings.front
    const opened = new Sv1Session({ session, door }, { limits, now })
    sessions.set(session, opened)
    idle.push(opened, now + settings.work.miners.openChannelWithinMs)
    if (!this.#timers.isSet('round')) this.#timers.set('round', now + ROUND_MS)
  }

  /** A line of a V1 miner's. */
  line(session: SessionId, message: Sv1ToServer, now: Millis): void {
    const known = this.#state.sessions.get(session)
    if (known === undefined || known.stage === 'ended') return
    takeLine(this.#state, known, message, now)
    this.flow(now)
  }

  /** A V1 connection is gone. Its channel is remembered for a while, so that the miner can go on where it was. */
  closed(session: SessionId, now: Millis): void {
    const state = this.#state
    const gone = state.sessions.get(session)
    if (gone === undefined) return
    gone.stage = 'ended'
    if (gone.enrolled) state.core.miner({ kind: 'closed', session }, now)
    this.flow(now)
    state.sessions.delete(session)
    const { channel, subscription } = gone
    if (channel !== undefined && subscription !== undefined)
      state.former.keep(subscription.sessionId, channel, now)
    state.emit({ kind: 'v1Closed', session, dialect: subscription && gone.dialect.name })
  }

  tick(now: Millis): void {
    const state = this.#state
    for (let due = state.probing.takeDue(now); due !== undefined; due = state.probing.takeDue(now))
      if (due.stage === 'due') introduce(state, due, now)
    for (let due = state.idle.takeDue(now); due !== undefined; due = state.idle.takeDue(now))
      if (due.stage === 'idle') end(state, due, 'neither subscribed nor authorized in time')
    for (let due = state.silent.takeDue(now); due !== undefined; due = state.silent.takeDue(now))
      this.#hear(due, now)
    for (let due = state.owed.takeDue(now); due !== undefined; due = state.owed.takeDue(now))
      if (due.owesJob) this.#giveJob(due)
    this.flow(now)
    if (!this.#timers.isDue('round', now)) return
    if (state.sessions.size > 0) this.#timers.set('round', now + ROUND_MS)
    else this.#timers.stop('round')
    this.#keepAlive(now)
    this.flow(now)
  }

  /** Performs what the core wants, and what follows from that. */
  flow(now: Millis): void {
    const { miners } = this.#state.core
    for (;;) {
      miners.endTurn()
      if (this.#fromCore.length === 0) return
      for (const effect of this.#fromCore.splice(0)) this.#perform(effect, now)
    }
  }

  #perform(effect: UpstreamWorkEffect, now: Millis): void {
    const state = this.#state
    const { emit, sessions } = state
    switch (effect.kind) {
      case 'send':
        return this.#send(effect.to, effect.message, now)
      case 'close': {
        const session = sessions.get(effect.session)
        if (session !== undefined) return end(state, session, effect.reason)
        break
      }
      case 'shareRefused':
      case 'minerConnected':
      case 'minerDisconnected':
        // told of V1 sessions in their own way
        if (sessions.has(effect.session)) return
        break
      case 'termsChanged':
        emit(effect)
        for (const session of sessions.values()) tellMask(state, session)
        return
    }
    emit(effect)
  }

  #send(to: SessionId | readonly SessionId[], message: Message, now: Millis): void {
    const state = this.#state
    const { emit, sessions } = state
    if (typeof to === 'number') {
      const session = sessions.get(to)
      if (session === undefined) emit({ kind: 'send', to, message })
      else toMiner(state, session, message, now)
      return
    }
    const v1: Sv1Session[] = []
    const others: SessionId[] = []
    for (const each of to) {
      const session = sessions.get(each)
      if (session === undefined) others.push(each)
      else v1.push(session)
    }
    if (others.length > 0) emit({ kind: 'send', to: others.length === to.length ? to : others, message })
    if (v1.length === 0) return
    if (message.type === 'NewExtendedMiningJob' || message.type === 'SetNewPrevHash')
      return toMiners(state, v1, message, now)
    for (const session of v1) toMiner(state, session, message, now)
  }

  /** A miner that has not found anything at first was given too much to do. */
  #hear(session: Sv1Session, now: Millis): void {
    const state = this.#state
    const { channel } = session
    if (session.stage !== 'mining' || channel === undefined || session.shares > 0) return
    session.silences++
    const { sharesPerMinute } = state.settings.work.miners
    retarget(state, session, hashrateFor(channel.level.difficulty / SILENT_FACTOR, sharesPerMinute), now)
    if (session.silences < SILENT_ROUNDS) state.silent.push(session, now + SILENT_MS)
  }

  #giveJob({ stage, session, channel }: Sv1Session): void {
    if (stage === 'mining' && channel !== undefined) this.#state.core.miners.giveJob(session, channel.id)
  }

  /** Gives a job to those who would take a longer silence for a dead connection. */
  #keepAlive(now: Millis): void {
    const { sessions, settings } = this.#state
    const { repeatMs } = settings.work
    for (const session of sessions.values()) {
      const mostMs = session.dialect.maxSilenceSeconds * 1_000
      if (mostMs >= repeatMs) continue
      if (now - session.lastJob >= mostMs - ROUND_MS) this.#giveJob(session)
    }
  }
}
