import { type Millis, NEVER } from '../ground/role.ts'
import { endChannel } from './closing.ts'
import { endDraining } from './draining.ts'
import { answerWaiting, suitsUpstream } from './handshake.ts'
import { openElsewhere } from './moving.ts'
import { pump } from './opening.ts'
import { NO_UPSTREAMS, type RelaySlot, UpstreamSession } from './parties.ts'
import { detach } from './placement.ts'
import { type RelayState, tellClient } from './state.ts'

/** Requests for channels may all be without an answer for this long, ms. */
const SILENT_MS = 60_000

/** An upstream is set up: channels may be opened there. */
export function upstreamReady(state: RelayState, upstream: number): void {
  const link = state.upstreams.link(upstream)
  if (link === undefined) return
  state.upstreamSessions.set(
    upstream,
    new UpstreamSession(upstream, { link, maxJobs: state.settings.limits.maxJobs }),
  )
  state.unsettled = true
}

/** An upstream is gone: its channels have to be opened elsewhere. */
export function upstreamLost(state: RelayState, upstream: number): void {
  const upstreamSession = state.upstreamSessions.get(upstream)
  if (upstreamSession === undefined) return
  upstreamSession.isOpen = false
  state.upstreamSessions.delete(upstream)
  state.unsettled = true
  for (const pendingOpen of upstreamSession.pendingOpens.values())
    if (!pendingOpen.isDead) pendingOpen.slot.enqueue(pendingOpen)
  upstreamSession.pendingOpens.clear()
  for (const { client, channelId, requestId } of upstreamSession.customJobs.values()) {
    // the token was the lost upstream's
    const errorCode = 'invalid-mining-job-token'
    tellClient(state, client.session, { type: 'SetCustomMiningJob.Error', channelId, requestId, errorCode })
  }
  upstreamSession.customJobs.clear()
  for (const channel of [...upstreamSession.draining.values()]) endDraining(state, channel)
  for (const channel of [...upstreamSession.channels.values()]) detach(state, channel)
}

/** When an upstream has kept silent about requests for channels for too long. */
export function silenceDeadline({ upstreamSessions }: RelayState): Millis {
  let next = NEVER
  for (const { silentSince } of upstreamSessions.values()) next = Math.min(next, silentSince + SILENT_MS)
  return next
}

/** Leaves upstreams that do not answer requests for channels: what was asked there is asked elsewhere. */
export function leaveSilent(state: RelayState): void {
  for (const upstreamSession of state.upstreamSessions.values()) {
    if (state.now < upstreamSession.silentSince + SILENT_MS) continue
    upstreamSession.silentSince = NEVER
    const reason = 'does not answer requests for channels'
    upstreamSession.link.close(reason)
    state.upstreams.refused(upstreamSession.upstream, reason, state.now)
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
    endChannel(state, channel, { reason: 'no-upstream', below: true, above: false })
}

function settleSlot(state: RelayState, slot: RelaySlot): void {
  const order = orderOf(slot, state.now)
  if (order !== slot.order) {
    slot.order = order
    state.upstreams.steer(state.now)
  }
  const chosen = state.upstreams.pick(slot, state.now)
  const upstreamSession = chosen === undefined ? undefined : state.upstreamSessions.get(chosen)
  if (upstreamSession !== slot.upstreamSession) changeUpstream(state, slot, upstreamSession)
  slot.using.clear()
  if (upstreamSession !== undefined) slot.using.add(upstreamSession.upstream)
  for (const each of state.upstreamSessions.values()) if (each.users.has(slot)) slot.using.add(each.upstream)
}

/** The upstreams that a slot needs: none when its clients have been away for long. */
function orderOf({ clients, timers, upstreams }: RelaySlot, now: Millis): readonly number[] {
  if (timers.isDue('letGo', now)) timers.stop('letGo')
  return clients.size > 0 || timers.isSet('letGo') ? upstreams : NO_UPSTREAMS
}

function changeUpstream(
  state: RelayState,
  slot: RelaySlot,
  upstreamSession: UpstreamSession | undefined,
): void {
  slot.upstreamSession = upstreamSession
  if (upstreamSession === undefined) {
    if (slot.clients.size > 0) slot.timers.set('stop', state.now + state.settings.stopAfterMs)
    else slot.timers.stop('stop')
    return
  }
  slot.timers.stop('stop')
  const { upstream } = upstreamSession
  state.emit({ kind: 'upstreamUsed', upstream, name: state.upstreams.nameOf(upstream) })
  for (const client of slot.clients) {
    if (!suitsUpstream(state, client, upstreamSession)) continue
    for (const channel of client.channels.values()) openElsewhere(channel)
  }
  answerWaiting(state, slot, upstreamSession)
  pump(state, slot)
}
