import { CodecError } from '@sv2/codec'
import { expect, test } from 'vitest'
import { current } from './current/index.ts'
import type { Message } from './message.ts'

const client = current.connection({ side: 'client', protocol: 'mining' })
const CHANNEL = {
  type: 'OpenExtendedMiningChannel',
  requestId: 1,
  userIdentity: 'me',
  nominalHashRate: 1,
  maxTarget: new Uint8Array(32),
  minExtranonceSize: 4,
}

test.each([
  [{ type: 'CloseChannel', channelId: 7 }, 'wrong-type at CloseChannel.reasonCode: undefined'],
  [
    { type: 'CloseChannel', channelId: 2 ** 40, reasonCode: '' },
    'out-of-range at CloseChannel.channelId: 1099',
  ],
  [{ ...CHANNEL, userIdentity: 5 }, 'wrong-type at OpenExtendedMiningChannel.userIdentity: a number'],
  [{ ...CHANNEL, maxTarget: 'ff' }, 'wrong-type at OpenExtendedMiningChannel.maxTarget: a string'],
  [{ ...CHANNEL, maxTarget: new Uint8Array(31) }, 'wrong-size at OpenExtendedMiningChannel.maxTarget: 31'],
])('a value that does not fit is refused with message and field: %j', (message, told) => {
  expect(() => client.encode(message as unknown as Message)).toThrow(CodecError)
  expect(() => client.encode(message as unknown as Message)).toThrow(told)
})
