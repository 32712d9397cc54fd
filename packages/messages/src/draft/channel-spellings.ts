import { encodeText } from '@sv2/codec'
import * as same from '../current/channels.ts'
import { adapted, plain, type Spelling } from '../spelling.ts'
import * as draft from './channels.ts'
import { listedCode } from './error-codes.ts'
import type { DraftMemory } from './memory.ts'

/** Channels of the draft: what differs on the wire, and what later messages need remembered. */
export const channelSpellings: readonly Spelling<DraftMemory>[] = [
  plain(draft.reconnect),
  plain(draft.setGroupChannel, {
    received: ({ groupChannelId, channelIds }, memory: DraftMemory) =>
      memory.channels.regroup(groupChannelId, channelIds),
  }),
  plain(same.openStandardMiningChannel, {
    received: ({ requestId }, memory: DraftMemory) => memory.requested(requestId, 'standard'),
  }),
  plain(same.openExtendedMiningChannel, {
    received: ({ requestId }, memory: DraftMemory) => memory.requested(requestId, 'extended'),
  }),
  plain(same.openStandardMiningChannelSuccess, {
    received: ({ channelId, groupChannelId }, memory: DraftMemory) =>
      memory.channels.open(channelId, { groupId: groupChannelId }),
    sent: ({ requestId }, memory) => memory.answered(requestId),
  }),
  adapted(
    'OpenExtendedMiningChannel.Success',
    draft.openExtendedMiningChannelSuccess,
    {
      // no groups for extended channels: each is its own
      toDomain: (wire) => ({ ...wire, groupChannelId: wire.channelId }),
      toWire: (message) => message,
    },
    {
      received: ({ channelId, extranonceSize }, memory: DraftMemory) =>
        memory.channels.open(channelId, { extranonceSize }),
      sent: ({ requestId }, memory) => memory.answered(requestId),
    },
  ),
  adapted(
    'OpenMiningChannel.Error',
    draft.openMiningChannelError,
    {
      toDomain: (wire) => wire,
      toWire: (message) => ({ ...message, errorCode: listedCode(message.type, message.errorCode) }),
    },
    {
      alsoNumbers: [0x15],
      numberFor: ({ requestId }, memory: DraftMemory) =>
        memory.requestKind(requestId) === 'extended' ? 0x15 : 0x12,
      sent: ({ requestId }, memory) => memory.answered(requestId),
    },
  ),
  adapted('UpdateChannel.Error', draft.updateChannelError, {
    toDomain: (wire) => wire,
    toWire: (message) => ({ ...message, errorCode: listedCode(message.type, message.errorCode) }),
  }),
  adapted(
    'CloseChannel',
    draft.closeChannel,
    {
      toDomain: (wire) => wire,
      toWire: (message) => ({ ...message, reasonCode: shortened(message.reasonCode) }),
    },
    {
      received: ({ channelId }, memory: DraftMemory) => memory.channels.close(channelId),
      sent: ({ channelId }, memory) => memory.channels.close(channelId),
    },
  ),
]

/** As many characters of a reason as 32 bytes hold: a reason passed on may be longer, and has no list. */
function shortened(reason: string): string {
  const characters = Array.from(reason.slice(0, 64))
  while (encodeText(characters.join('')).length > 32) characters.pop()
  return characters.join('')
}
