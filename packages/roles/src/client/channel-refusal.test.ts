import { expect, test } from 'vitest'
import { channelRefusal } from './channel-refusal.ts'

test.each([
  ['unknown-user', 'user'],
  ['invalid-user-identity', 'user'],
  ['user-not-found', 'user'],
  ['min-extranonce-size-too-large', 'extranonce'],
  ['unsupported-min-extranonce-size', 'extranonce'],
  ['max-target-out-of-range', 'extranonce'],
  ['channel-capacity-exhausted', 'other'],
  ['superuser', 'other'],
  ['', 'other'],
])('a channel refused with %j: the cause is %s', (code, cause) => {
  expect(channelRefusal(code)).toEqual({ code, cause })
})
