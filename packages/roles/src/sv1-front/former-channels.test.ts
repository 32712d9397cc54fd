import { expect, test } from 'vitest'
import type { Channel } from '../mining/channel/channel.ts'
import { FormerChannels } from './former-channels.ts'

/** Channels are only kept here, and told apart. */
function aChannel(id: number): Channel {
  return { id } as Channel
}

test('a channel is given back once, under its own id', () => {
  const former = new FormerChannels({ maxResumable: 10, resumeMs: 1_000 })
  const channel = aChannel(1)
  former.keep('a', channel, 0)
  expect(former.take('b', 1)).toBeUndefined()
  expect(former.take('a', 1)).toBe(channel)
  expect(former.take('a', 1)).toBeUndefined()
})

test('the oldest gives way when there are too many, and what is too old is gone', () => {
  const former = new FormerChannels({ maxResumable: 2, resumeMs: 1_000 })
  for (const [at, id] of ['a', 'b', 'c'].entries()) former.keep(id, aChannel(at), at)
  expect(former.take('a', 3)).toBeUndefined()
  expect(former.take('b', 3)).toMatchObject({ id: 1 })
  expect(former.take('c', 1_002)).toBeUndefined()
})
