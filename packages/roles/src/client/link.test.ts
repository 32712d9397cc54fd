import { MAX_TARGET } from '@sv2/bitcoin'
import type { Capabilities } from '@sv2/messages'
import { expect, test } from 'vitest'
import type { SessionEffect } from '../ground/role.ts'
import { ExtensionTalk } from './extension-talk.ts'
import { type ChannelRequest, UpstreamLink } from './link.ts'

const REQUEST: ChannelRequest = {
  type: 'OpenStandardMiningChannel',
  userIdentity: 'alice',
  nominalHashRate: 1,
  maxTarget: MAX_TARGET,
}

/** A link whose upstream has answered SetupConnection. */
function aLink() {
  const effects: SessionEffect[] = []
  const link = new UpstreamLink(
    {
      identification: { vendor: 'v', hardwareVersion: 'h', firmware: 'f', deviceId: '' },
      endpoint: { host: 'pool.test', port: 3333 },
      flags: 0,
    },
    {
      session: 1,
      capabilities: {} as Capabilities,
      talk: new ExtensionTalk([]),
      now: 0,
      emit: (effect) => effects.push(effect),
    },
  )
  link.message({ type: 'SetupConnection.Success', usedVersion: 2, flags: 0 }, 0)
  effects.splice(0)
  return { link, effects }
}

test('65,536 requests wait for an answer, and no more', () => {
  const { link, effects } = aLink()
  const ids = new Set(Array.from({ length: 65_536 }, () => link.open(REQUEST)))
  expect([ids.size, ids.has(undefined), effects.length]).toEqual([65_536, false, 65_536])
  expect(link.open(REQUEST)).toBeUndefined()
  const [requestId] = ids
  link.message({ type: 'OpenMiningChannel.Error', requestId: requestId!, errorCode: 'unknown-user' }, 0)
  expect(link.open(REQUEST)).toBeGreaterThan(0)
})

test('an answer to a request that was never made is ignored, and so is a second answer', () => {
  const { link } = aLink()
  const requestId = link.open(REQUEST)!
  const refusal = (id: number) =>
    ({ type: 'OpenMiningChannel.Error', requestId: id, errorCode: 'no' }) as const
  expect(link.message(refusal(requestId + 1), 0)).toBeUndefined()
  expect(link.message(refusal(requestId), 0)).toMatchObject({ kind: 'denied', requestId })
  expect(link.message(refusal(requestId), 0)).toBeUndefined()
})
