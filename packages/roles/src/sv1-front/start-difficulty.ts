import { difficultyToTarget, MAX_TARGET, targetToDifficulty } from '@sv2/bitcoin'
import type { Sv1FrontSettings } from './settings.ts'
import type { Sv1Session } from './sv1-session.ts'

/**
 * What a miner may wish for: no target of its own is easier, and beyond the hardest (460 PH/s at 6 shares a minute) a
 * wish says nothing about one miner, while upstreams are told a hash rate by it.
 */
const LIMITS = { easiest: 2 ** -32, hardest: 2 ** 30 }
/** A target this near to a power of two is one: it was made from it, and rounded. */
const ROUNDING = 1e-6

/**
 * The difficulty a session begins with, a power of two: by its password, its suggestion, its door, or what it calls
 * itself, in this order.
 */
export function firstDifficulty(session: Sv1Session, settings: Sv1FrontSettings): number {
  const wanted =
    session.passwordDifficulty ??
    session.suggestedDifficulty ??
    settings.doorDifficulty[session.door] ??
    session.dialect.startDifficulty ??
    settings.startDifficulty
  return Math.max(floorPower(wanted), leastDifficulty(session, settings))
}

/** The difficulty a session is never put below, a power of two. */
export function leastDifficulty(session: Sv1Session, settings: Sv1FrontSettings): number {
  const { minDifficulty: ofDialect } = session.dialect
  // a dialect that cannot do with less than so many keeps its floor, even where the operator allows less to others
  const node = settings.minDifficulty ?? floorPower(ofDialect)
  return ceilPower(Math.max(node, ofDialect > 1 ? ofDialect : 0, session.minDifficulty))
}

/** The limit a channel is opened with. */
export function targetLimit(session: Sv1Session, settings: Sv1FrontSettings): Uint8Array {
  if (session.unlimited) return MAX_TARGET
  const least = leastDifficulty(session, settings)
  return least <= LIMITS.easiest ? MAX_TARGET : difficultyToTarget(least)
}

/** What V1 miners are told of a target: a power of two wherever it is one, as the ladder's are. */
export function toldDifficulty(target: Uint8Array): number {
  const difficulty = targetToDifficulty(target)
  const power = 2 ** Math.round(Math.log2(difficulty))
  return Math.abs(difficulty / power - 1) < ROUNDING ? power : difficulty
}

/** The greatest power of two that is not above a difficulty. */
function floorPower(difficulty: number): number {
  return 2 ** Math.floor(Math.log2(bounded(difficulty)))
}

function ceilPower(difficulty: number): number {
  return 2 ** Math.ceil(Math.log2(bounded(difficulty)))
}

function bounded(difficulty: number): number {
  return Math.min(Math.max(difficulty, LIMITS.easiest), LIMITS.hardest)
}
