import type { Message } from '@sv2/messages'
import type { Farewell, RelayChannel } from './parties.ts'
import type { RelayState } from './state.ts'

/** A channel that moved keeps its place at the upstream it left for this time, for shares that were found there, ms. */
const FAREWELL_MS = 3_000

/** A channel is about to leave an upstream that is well: what was found there is still taken there for a while. */
export function bidFarewell(state: RelayState, channel: RelayChannel): void {
  endFarewell(state, channel)
  const { home, upstreamId, padding, client } = channel
  if (home === undefined || client.slot === undefined) return
  const farewell: Farewell = { channel, home, upstreamId, padding }
  channel.farewell = farewell
  home.leaving.set(upstreamId, channel)
  home.uses(client.slot, 1)
  state.farewells.push(farewell, state.now + FAREWELL_MS)
}

/** Closes what a channel still has at the upstream it left. */
export function endFarewell(state: RelayState, channel: RelayChannel): void {
  const { farewell, client } = channel
  if (farewell === undefined) return
  channel.farewell = undefined
  const { home, upstreamId } = farewell
  home.leaving.delete(upstreamId)
  if (client.slot !== undefined) home.uses(client.slot, -1)
  if (home.isOpen)
    home.link.send({ type: 'CloseChannel', channelId: upstreamId, reasonCode: 'moved-to-another-upstream' })
  state.unsettled = true
}

/** Ends the farewells whose time has come. */
export function endFarewells(state: RelayState): void {
  for (;;) {
    const farewell = state.farewells.takeDue(state.now)
    if (farewell === undefined) return
    if (farewell.channel.farewell === farewell) endFarewell(state, farewell.channel)
  }
}

/** Whether a message for a channel that has left matters: answers to its shares do, all else is over. */
export function isLateAnswer(message: Message): boolean {
  return message.type === 'SubmitShares.Success' || message.type === 'SubmitShares.Error'
}
