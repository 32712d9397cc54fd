import type { Message } from '@sv2/messages'
import type { DrainingUpstreamChannel, RelayChannel } from './parties.ts'
import type { RelayState } from './state.ts'

/** A channel that moved keeps its place at the upstream it left for this time, for shares that were found there, ms. */
const DRAIN_MS = 3_000

/** A channel is about to leave an upstream that is well: what was found there is still taken there for a while. */
export function startDraining(state: RelayState, channel: RelayChannel): void {
  endDraining(state, channel)
  const { upstreamSession, upstreamId, padding, client } = channel
  if (upstreamSession === undefined || client.slot === undefined) return
  const draining: DrainingUpstreamChannel = { channel, upstreamSession, upstreamId, padding }
  channel.draining = draining
  upstreamSession.draining.set(upstreamId, channel)
  upstreamSession.uses(client.slot, 1)
  state.draining.push(draining, state.now + DRAIN_MS)
}

/** Closes what a channel still has at the upstream it left. */
export function endDraining(state: RelayState, channel: RelayChannel): void {
  const { draining, client } = channel
  if (draining === undefined) return
  channel.draining = undefined
  const { upstreamSession, upstreamId } = draining
  upstreamSession.draining.delete(upstreamId)
  if (client.slot !== undefined) upstreamSession.uses(client.slot, -1)
  if (upstreamSession.isOpen)
    upstreamSession.link.send({
      type: 'CloseChannel',
      channelId: upstreamId,
      reasonCode: 'moved-to-another-upstream',
    })
  state.unsettled = true
}

/** Ends the draining of channels whose time has come. */
export function endDrained(state: RelayState): void {
  for (;;) {
    const draining = state.draining.takeDue(state.now)
    if (draining === undefined) return
    if (draining.channel.draining === draining) endDraining(state, draining.channel)
  }
}

/** Whether a message for a channel that has left matters: answers to its shares do, all else is over. */
export function isLateAnswer(message: Message): boolean {
  return message.type === 'SubmitShares.Success' || message.type === 'SubmitShares.Error'
}
