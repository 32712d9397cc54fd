import { type Millis, NEVER } from '../ground/role.ts'
import { closeChannel } from './closing.ts'
import { endFarewell } from './farewell.ts'
import { answerWaiting, suitsNewHome } from './handshake.ts'
import { wishToMove } from './moving.ts'
import { pump } from './opening.ts'
import type { RelaySeat } from './parties.ts'
import { Home } from './parties.ts'
import { detach } from './placement.ts'
import { type RelayState, tell } from './state.ts'

/** An upstream that no client works at is let go after this time; pools close idle connections a little later, ms. */
const LINGER_MS = 30_000
/** Requests for channels may all be without an answer for this long, ms. */
const SILENT_MS = 60_000

/** An upstream is set up: channels may be opened there. */
export function homeReady(state: RelayState, upstream: number): void {
  const link = state.upstreams.link(upstream)
  if (link === undefined) return
  state.homes.set(upstream, new Home(upstream, { link, maxJobs: state.settings.limits.maxJobs }))
  state.unsettled = true
}

/** An upstream is gone: its channels have to be opened elsewhere. */
export function homeLost(state: RelayState, upstream: number): void {
  const home = state.homes.get(upstream)
  if (home === undefined) return
  home.isOpen = false
  state.homes.delete(upstream)
  state.unsettled = true
  for (const wish of home.wishes.values()) if (!wish.isDead) wish.seat.wish(wish)
  home.wishes.clear()
  for (const { client, channelId, requestId } of home.customJobs.values()) {
    // the token was the lost upstream's
    const errorCode = 'invalid-mining-job-token'
    tell(state, client.session, { type: 'SetCustomMiningJob.Error', channelId, requestId, errorCode })
  }
  home.customJobs.clear()
  for (const channel of [...home.leaving.values()]) endFarewell(state, channel)
  for (const channel of [...home.channels.values()]) detach(state, channel)
}

/** When an upstream has kept silent about requests for channels for too long. */
export function silenceDeadline({ homes }: RelayState): Millis {
  let next = NEVER
  for (const { silentSince } of homes.values()) next = Math.min(next, silentSince + SILENT_MS)
  return next
}

/** Leaves upstreams that do not answer requests for channels: what was asked there is asked elsewhere. */
export function leaveSilent(state: RelayState): void {
  for (const home of state.homes.values()) {
    if (state.now < home.silentSince + SILENT_MS) continue
    home.silentSince = NEVER
    const reason = 'does not answer requests for channels'
    home.link.close(reason)
    state.upstreams.refused(home.upstream, reason, state.now)
  }
}

/** Brings every seat to the upstream it should be at, and lets the others go. */
export function settle(state: RelayState): void {
  while (state.unsettled) {
    state.unsettled = false
    const { plain, workSelection } = state.seats
    for (const seat of [...plain, ...workSelection]) settleSeat(state, seat)
    state.upstreams.steer(state.now)
  }
}

/** When time alone changes something for a seat. */
export function seatDeadline(state: RelayState, seat: RelaySeat): Millis {
  const rest = isNeeded(seat) ? seat.emptySince + LINGER_MS : NEVER
  return Math.min(seat.goneSince + state.settings.stopAfterMs, rest)
}

/** Does what was due for a seat. */
export function seatTick(state: RelayState, seat: RelaySeat): void {
  const { whenGone, stopAfterMs } = state.settings
  if (state.now >= seat.emptySince + LINGER_MS && isNeeded(seat)) state.unsettled = true
  if (state.now < seat.goneSince + stopAfterMs) return
  seat.goneSince = NEVER
  const stopped =
    whenGone === 'stop' ? [...seat.clients].flatMap(({ channels }) => [...channels.values()]) : []
  state.emit({ kind: 'upstreamsGone', stopped: stopped.length })
  for (const channel of stopped)
    closeChannel(state, channel, { reason: 'no-upstream', below: true, above: false })
}

function isNeeded(seat: RelaySeat): boolean {
  return seat.order.length > 0
}

function settleSeat(state: RelayState, seat: RelaySeat): void {
  const isIdle = state.now >= seat.emptySince + LINGER_MS
  if (isIdle === isNeeded(seat)) {
    seat.order = isIdle ? [] : seat.upstreams
    state.upstreams.steer(state.now)
  }
  const chosen = state.upstreams.pick(seat, state.now)
  const home = chosen === undefined ? undefined : state.homes.get(chosen)
  if (home !== seat.home) changeHome(state, seat, home)
  seat.using.clear()
  if (home !== undefined) seat.using.add(home.upstream)
  for (const each of state.homes.values()) if (each.users.has(seat)) seat.using.add(each.upstream)
}

function changeHome(state: RelayState, seat: RelaySeat, home: Home | undefined): void {
  seat.home = home
  if (home === undefined) {
    seat.goneSince = seat.clients.size > 0 ? state.now : NEVER
    return
  }
  seat.goneSince = NEVER
  const { upstream } = home
  state.emit({ kind: 'upstreamUsed', upstream, name: state.upstreams.nameOf(upstream) })
  for (const client of seat.clients) {
    if (!suitsNewHome(state, client, home)) continue
    for (const channel of client.channels.values()) wishToMove(channel)
  }
  answerWaiting(state, seat, home)
  pump(state, seat)
}
