import { type Millis, NEVER } from '../ground/role.ts'
import { closeChannel } from './closing.ts'
import { endFarewell } from './farewell.ts'
import { answerWaiting, suitsNewHome } from './handshake.ts'
import { wishToMove } from './moving.ts'
import { pump } from './opening.ts'
import { Home, NO_UPSTREAMS, type RelaySlot } from './parties.ts'
import { detach } from './placement.ts'
import { type RelayState, tell } from './state.ts'

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
  for (const wish of home.wishes.values()) if (!wish.isDead) wish.slot.wish(wish)
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

/** Brings every slot to the upstream it should be at, and lets the others go. */
export function settle(state: RelayState): void {
  while (state.unsettled) {
    state.unsettled = false
    const { plain, workSelection } = state.slots
    for (const slot of [...plain, ...workSelection]) settleSlot(state, slot)
    state.upstreams.steer(state.now)
  }
}

/** Does what was due for a slot. */
export function slotTick(state: RelayState, slot: RelaySlot): void {
  const { whenGone } = state.settings
  if (slot.timers.isDue('letGo', state.now)) state.unsettled = true
  if (!slot.timers.isDue('stop', state.now)) return
  slot.timers.stop('stop')
  const stopped =
    whenGone === 'stop' ? [...slot.clients].flatMap(({ channels }) => [...channels.values()]) : []
  state.emit({ kind: 'upstreamsGone', stopped: stopped.length })
  for (const channel of stopped)
    closeChannel(state, channel, { reason: 'no-upstream', below: true, above: false })
}

function settleSlot(state: RelayState, slot: RelaySlot): void {
  const order = orderOf(slot, state.now)
  if (order !== slot.order) {
    slot.order = order
    state.upstreams.steer(state.now)
  }
  const chosen = state.upstreams.pick(slot, state.now)
  const home = chosen === undefined ? undefined : state.homes.get(chosen)
  if (home !== slot.home) changeHome(state, slot, home)
  slot.using.clear()
  if (home !== undefined) slot.using.add(home.upstream)
  for (const each of state.homes.values()) if (each.users.has(slot)) slot.using.add(each.upstream)
}

/** The upstreams that a slot needs: none when its clients have been away for long. */
function orderOf({ clients, timers, upstreams }: RelaySlot, now: Millis): readonly number[] {
  if (timers.isDue('letGo', now)) timers.stop('letGo')
  return clients.size > 0 || timers.isSet('letGo') ? upstreams : NO_UPSTREAMS
}

function changeHome(state: RelayState, slot: RelaySlot, home: Home | undefined): void {
  slot.home = home
  if (home === undefined) {
    if (slot.clients.size > 0) slot.timers.set('stop', state.now + state.settings.stopAfterMs)
    else slot.timers.stop('stop')
    return
  }
  slot.timers.stop('stop')
  const { upstream } = home
  state.emit({ kind: 'upstreamUsed', upstream, name: state.upstreams.nameOf(upstream) })
  for (const client of slot.clients) {
    if (!suitsNewHome(state, client, home)) continue
    for (const channel of client.channels.values()) wishToMove(channel)
  }
  answerWaiting(state, slot, home)
  pump(state, slot)
}
