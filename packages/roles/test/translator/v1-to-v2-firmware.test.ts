import { current } from '@sv2/messages/current'
import { sv1Server } from '@sv2/sv1'
import { describe, expect, test } from 'vitest'
import { FIRMWARE_LINES } from '../_sv1-firmware.ts'
import { aTranslator } from '../_sv1-world.ts'

/** What has no answer: answers themselves, and the `pong` that is one. */
const UNANSWERED = new Set(['pong', 'response'])

const ON_MAINNET = {
  front: { payoutCheck: { identityIsAddress: 'auto', network: 'mainnet' } },
} as const

/** The lines of each firmware, and what they ask for. */
const SESSIONS = FIRMWARE_LINES.map(({ firmware, lines }) => ({
  firmware,
  lines: lines.map((line) => [line, sv1Server.decode(line)] as const),
}))

/** Sessions that log in. */
const WHOLE = SESSIONS.filter(({ lines }) => {
  const types = new Set(lines.map(([, { type }]) => type))
  return types.has('mining.subscribe') && types.has('mining.authorize')
})

/** The id of a line as it stands there; `null` when it has none. */
function idOf(line: string): unknown {
  return (JSON.parse(line) as { readonly id?: unknown }).id ?? null
}

describe.each(SESSIONS)('$firmware', ({ lines }) => {
  const asked = lines.filter(([, { type }]) => !UNANSWERED.has(type)).map(([line]) => idOf(line))

  test('every request is answered once, in the order asked, and the connection stays', () => {
    const { world } = aTranslator(current, ON_MAINNET)
    const { peer } = world.miner()
    peer.send(...lines.map(([line]) => line))
    expect(peer.lines.filter(({ method }) => method === undefined).map(({ id }) => id)).toEqual(asked)
    expect(peer.closed).toBeUndefined()
  })

  test('nothing comes before the answers to subscribe and configure', () => {
    const { world } = aTranslator(current, ON_MAINNET)
    const { peer } = world.miner()
    for (const [line, { type }] of lines) {
      const before = peer.lines.length
      peer.send(line)
      if (type === 'mining.subscribe' || type === 'mining.configure')
        expect(peer.lines[before]?.method).toBeUndefined()
    }
  })
})

test.each(WHOLE)('$firmware: it gets a difficulty, and then a job', ({ lines }) => {
  const { world } = aTranslator(current, ON_MAINNET)
  const { peer } = world.miner()
  peer.send(...lines.map(([line]) => line))
  const told = peer.lines.flatMap(({ method }) => method ?? [])
  expect(told.indexOf('mining.set_difficulty')).toBeGreaterThanOrEqual(0)
  expect(told.indexOf('mining.notify')).toBeGreaterThan(told.indexOf('mining.set_difficulty'))
})
