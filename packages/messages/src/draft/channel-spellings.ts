import * as same from '../current/channels.ts'
import { adapted, plain, type Spelling } from '../spelling.ts'
import * as draft from './channels.ts'
import { draftCode, shortened } from './error-codes.ts'
import type { DraftMemory } from './memory.ts'

/** Channels of the draft: what differs on the wire, and what later messages need remembered. */
export const channelSpellings: readonly Spelling<DraftMemory>[] = [
  plain(draft.reconnect),
  plain(draft.setGroupChannel, {
    received: ({ groupChannelId, channelIds }, memory: DraftMemory) =>
      memory.channels.regroup(groupChannelId, channelIds),
    sent: ({ groupChannelId, channelIds }, memory) => memory.channels.regroup(groupChannelId, channelIds),
  }),
  plain(same.openStandardMiningChannel, {
    received: ({ requestId }, memory: DraftMemory) => memory.requested(requestId, 'standard'),
  }),
  plain(same.openExtendedMiningChannel, {
    received: ({ requestId }, memory: DraftMemory) => memory.requested(requestId, 'extended'),
  }),
  plain(same.openStandardMiningChannelSuccess, {
    received: ({ channelId, groupChannelId }, memory: DraftMemory) => {
      if (groupChannelId === channelId) memory.note('a channel is its own group')
      memory.channels.open(channelId, { groupId: groupChannelId })
    },
    sent: ({ requestId, channelId, groupChannelId }, memory) => {
      memory.answered(requestId)
      memory.channels.open(channelId, { groupId: groupChannelId })
    },
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
      sent: ({ requestId, channelId, extranonceSize }, memory) => {
        memory.answered(requestId)
        memory.channels.open(channelId, { extranonceSize })
      },
    },
  ),
  adapted(
    'OpenMiningChannel.Error',
    draft.openMiningChannelError,
    {
      toDomain: (wire) => wire,
      toWire: (message) => ({ ...message, errorCode: draftCode(message.type, message.errorCode) }),
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
    toWire: (message) => ({ ...message, errorCode: draftCode(message.type, message.errorCode) }),
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
