import { targetToDifficulty } from '@sv2/bitcoin'
import { current } from '@sv2/messages/current'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { aSetup, filled, NTIME } from '../_fixtures.ts'
import type { TestChannel, TestMiner } from '../_test-miner.ts'
import { aTranslator, ScriptedPool, TranslatorWorld } from '../_v1-pool.ts'

/** Sends a share and lets the batch of acknowledgements run out; what came for it. */
function submitted(world: TranslatorWorld, miner: TestMiner, channel: TestChannel, wanted = {}) {
  miner.take()
  miner.peer.send(miner.find(channel, wanted))
  world.advance(1_100)
  return miner.take().filter(({ type }) => type.startsWith('SubmitShares.'))
}

describe('a pool that does not answer', () => {
  test('shares for 30 s: they are stale, and a late answer changes nothing', () => {
    const { world, pool } = aTranslator()
    pool.verdict = undefined
    const miner = world.miner(current)
    const channel = miner.open('standard')
    expect(submitted(world, miner, channel)).toEqual([])
    world.advance(31_000)
    expect(miner.takeOf('SubmitShares.Error')).toMatchObject([{ errorCode: 'stale-share' }])
    pool.line.answer(pool.submits[0]!.share, true)
    world.advance(2_000)
    expect(miner.take()).toEqual([])
    expect(world.factsOf('poolLineIgnored')).toHaveLength(1)
  })

  test('and leaves: what waited is stale, devices stay, and work comes back with it', () => {
    const { world, pool } = aTranslator()
    pool.verdict = undefined
    const miner = world.miner(current)
    const channel = miner.open('extended')
    submitted(world, miner, channel)
    world.drop(pool.line)
    expect(miner.takeOf('SubmitShares.Error')).toMatchObject([{ errorCode: 'stale-share' }])
    expect(submitted(world, miner, channel)).toMatchObject([{ errorCode: 'stale-share' }])
    expect(miner.peer.closed).toBeUndefined()
    pool.verdict = 'judged'
    pool.extranonce1 = Uint8Array.of(0xe1, 0, 0, 2)
    world.connectPools()
    expect(submitted(world, miner, channel)).toMatchObject([{ type: 'SubmitShares.Success' }])
    expect(pool.submits.at(-1)).toMatchObject({ verdict: true })
  })

  test('channels asked for while it is away are opened when it is back', () => {
    const { world, pool } = aTranslator()
    const miner = world.miner(current)
    world.drop(pool.line)
    miner.request('standard')
    expect(miner.take()).toEqual([])
    world.advance(300_000)
    expect(miner.peer.closed).toBeUndefined()
    world.connectPools()
    expect(miner.takeOf('OpenStandardMiningChannel.Success')).toHaveLength(1)
  })

  test.each([['mining.subscribe'], ['mining.authorize']] as const)('%s is left', (method) => {
    const pool = new ScriptedPool()
    const hear = pool.hear.bind(pool)
    pool.hear = (line, message) => (message.type === method ? undefined : hear(line, message))
    const world = new TranslatorWorld([pool])
    world.advance(11_000)
    expect(pool.line.closed).toBe(`no answer to ${method}`)
    expect(world.factsOf('poolRefused')).toHaveLength(1)
  })
})

describe('a pool that forgets us', () => {
  test.each([
    [24, 'mining.authorize'],
    [25, 'mining.subscribe'],
  ] as const)('with %i is told again by %s, and not with every share', (verdict, method) => {
    const { world, pool } = aTranslator()
    const miner = world.miner(current)
    const channel = miner.open('standard')
    world.advance(60_000)
    pool.verdict = verdict
    for (let n = 0; n < 5; n++) submitted(world, miner, channel)
    expect(pool.line.of(method)).toHaveLength(2)
    pool.verdict = 'judged'
    pool.notify({ jobId: 'j2', coinbase1: filled(6, 41) })
    expect(submitted(world, miner, channel)).toMatchObject([{ type: 'SubmitShares.Success' }])
  })
})

describe('a pool that wants us elsewhere', () => {
  test.each([
    ['same-domain', 'eu.0.pool.test', true],
    ['same-domain', undefined, true],
    ['same-domain', 'evil.test', false],
    ['anywhere', 'evil.test', true],
    ['never', '0.pool.test', false],
  ] as const)('(%s) to %s is followed: %s', (followReconnect, host, followed) => {
    const { world, pool } = aTranslator({ followReconnect })
    pool.line.sayText(
      JSON.stringify({ id: null, method: 'client.reconnect', params: [host ?? null, 4444, 9_000] }),
    )
    expect(world.redials).toMatchObject(followed ? [{ host: host ?? '', port: 4444, waitMs: 300_000 }] : [])
    expect(pool.line.closed !== undefined).toBe(followed)
    expect(world.factsOf('poolReconnect')).toMatchObject([{ followed }])
  })
})

test('questions of a pool are answered, its words passed on, and what it makes up is ignored', () => {
  const { world, pool } = aTranslator()
  world.takeFacts()
  pool.line.say({ type: 'client.get_version', id: '"v"' })
  pool.line.sayText('{"id":7,"method":"mining.ping","params":[]}')
  pool.line.say({ type: 'client.show_message', text: `hello\u0007 ${'x'.repeat(5_000)}` })
  pool.line.sayText('{"id":null,"method":"mining.set_goal","params":["x"]}')
  pool.line.sayText('{"id":99,"result":true,"error":null}')
  pool.line.sayText('nonsense')
  expect(pool.line.of('response')).toMatchObject([{ id: '"v"', result: 'test/1' }])
  expect(pool.line.of('pong')).toHaveLength(1)
  const facts = world.takeFacts()
  expect(facts.filter(({ kind }) => kind === 'poolLineIgnored')).toHaveLength(3)
  const words = facts.find((fact) => fact.kind === 'poolMessage')
  expect(words?.text).toMatch(/^hello\? x{190,200}$/)
})

describe('jobs that cannot be mined', () => {
  test.each([
    ['a coinbase without a front', { coinbase1: new Uint8Array(0) }],
    ['a coinbase without an end', { coinbase2: new Uint8Array(0) }],
    ['a coinbase that is too large', { coinbase2: new Uint8Array(70_000) }],
    ['a target that is none', { nbits: 0 }],
    ['a negative target', { nbits: 0x1d80_0001 }],
    ['a job id without end', { jobId: 'x'.repeat(300) }],
  ])('%s: it is ignored, and the one before goes on', (_, wrong) => {
    const { world, pool } = aTranslator()
    const miner = world.miner(current)
    const channel = miner.open('standard')
    pool.notify({ jobId: 'bad', ...wrong })
    expect(world.factsOf('poolJobRefused')).toHaveLength(1)
    expect(submitted(world, miner, channel)).toMatchObject([{ type: 'SubmitShares.Success' }])
  })

  test('an extranonce2 without room for channels: the pool is left', () => {
    const pool = new ScriptedPool()
    pool.extranonce2Size = 1
    const world = new TranslatorWorld([pool])
    expect(pool.line.closed).toMatch(/extranonce2 of 1 bytes has no room/)
    expect(world.factsOf('poolRefused')).toHaveLength(1)
  })

  test('any lines at all: nothing breaks, and good work comes through', () => {
    const value = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.constantFrom('ff'.repeat(32), '00', '1d00ffff', 1e308, -1, 5e-324, 2 ** 53, 'x'.repeat(300)),
    )
    const method = fc.constantFrom(
      'mining.notify',
      'mining.set_difficulty',
      'mining.set_extranonce',
      'mining.set_version_mask',
      'client.show_message',
      'client.get_version',
      'mining.ping',
      'constructor',
    )
    const request = fc.record({ id: value, method, params: fc.array(value, { maxLength: 10 }) })
    const answer = fc.record({ id: fc.nat(9), result: value, error: value })
    const line = fc.oneof(
      request.map((o) => JSON.stringify(o)),
      answer.map((o) => JSON.stringify(o)),
      fc.string(),
    )
    fc.assert(
      fc.property(fc.array(line, { maxLength: 30 }), (lines) => {
        const { world, pool } = aTranslator()
        const miner = world.miner(current)
        miner.request('extended', { minExtranonceSize: 0 })
        const first = pool.line
        for (const text of lines) first.sayText(text.replaceAll('\n', ' '))
        world.advance(40_000)
        if (first.closed === undefined) world.drop(first)
        pool.extranonce2Size = 8
        world.connectPools()
        pool.notify({ jobId: 'good', prevHash: filled(0xcc), ntime: NTIME + 60 })
        const channel = miner.open('extended', { minExtranonceSize: 0 })
        expect(submitted(world, miner, channel)).toMatchObject([{ type: 'SubmitShares.Success' }])
      }),
      { numRuns: 150 },
    )
  })
})

describe('several pools', () => {
  test('the next one is used when the first does not answer, and the first again when it does', () => {
    const [first, second] = [new ScriptedPool(), new ScriptedPool()]
    first.up = false
    const world = new TranslatorWorld([first, second])
    world.connectPools()
    const miner = world.miner(current)
    const channel = miner.open('extended')
    submitted(world, miner, channel)
    expect(second.submits).toMatchObject([{ verdict: true, share: { worker: 'me1' } }])
    first.up = true
    first.job = { ...first.job!, prevHash: filled(0xdd) }
    world.connectPools()
    submitted(world, miner, channel)
    expect(second.submits).toHaveLength(2)
    world.advance(30_000)
    expect(submitted(world, miner, channel)).toMatchObject([{ type: 'SubmitShares.Success' }])
    expect(first.submits).toMatchObject([{ verdict: true, share: { worker: 'me0' } }])
    expect(second.line.closed).toBe('not needed any more')
    expect(miner.peer.closed).toBeUndefined()
    expect(world.factsOf('poolUsed')).toMatchObject([{ pool: 1 }, { pool: 0 }])
  })

  test('one that is lost is followed by the next, and the device stays', () => {
    const [first, second] = [new ScriptedPool(), new ScriptedPool()]
    const world = new TranslatorWorld([first, second])
    const miner = world.miner(current)
    const channel = miner.open('standard')
    first.up = false
    world.drop(first.line)
    world.connectPools()
    world.connectPools()
    expect(submitted(world, miner, channel)).toMatchObject([{ type: 'SubmitShares.Success' }])
    expect(second.submits).toMatchObject([{ verdict: true }])
  })

  test('one that refuses us is followed by the next', () => {
    const [first, second] = [new ScriptedPool(), new ScriptedPool()]
    first.authorizes = false
    const world = new TranslatorWorld([first, second])
    world.connectPools()
    const miner = world.miner(current)
    submitted(world, miner, miner.open('standard'))
    expect(second.submits).toMatchObject([{ verdict: true }])
  })

  test('one that gives no work, or falls silent, is followed by the next', () => {
    const [first, second] = [new ScriptedPool(), new ScriptedPool()]
    first.job = undefined
    const world = new TranslatorWorld([first, second])
    const miner = world.miner(current)
    world.advance(31_000)
    expect(first.line.closed).toBe('gives no work')
    world.connectPools()
    const channel = miner.open('standard')
    expect(submitted(world, miner, channel)).toMatchObject([{ type: 'SubmitShares.Success' }])
    first.up = false
    world.advance(901_000)
    expect(second.line.closed).toBe('silent for a quarter of an hour')
    expect(miner.peer.closed).toBeUndefined()
  })

  test('a pool that owes answers is let go only when it has given them', () => {
    const [first, second] = [new ScriptedPool(), new ScriptedPool()]
    first.up = false
    const world = new TranslatorWorld([first, second], { returnAfterMs: 5_000 })
    world.connectPools()
    const miner = world.miner(current)
    const channel = miner.open('extended')
    second.verdict = undefined
    submitted(world, miner, channel)
    first.up = true
    world.connectPools()
    world.advance(6_000)
    expect(second.line.closed).toBeUndefined()
    second.line.answer(second.submits[0]!.share, true)
    expect(second.line.closed).toBe('not needed any more')
    world.advance(1_100)
    expect(miner.takeOf('SubmitShares.Success')).toMatchObject([{ newSubmitsAcceptedCount: 1 }])
  })
})

describe('a pool connection for each channel', () => {
  const single = { aggregate: false, pool: { user: '{user}.{worker}' } } as const

  test('bears the name of its miner, and only its shares', () => {
    const { world, pool } = aTranslator(single)
    world.connectPools()
    const miner = world.miner(current)
    const users = ['alice.1', 'bob.2']
    for (const user of users) miner.request('extended', { user })
    world.connectPools()
    const [first, second] = miner.takeOf('OpenExtendedMiningChannel.Success').map(
      (opened): TestChannel => ({
        ...opened,
        kind: 'extended',
        groupId: opened.groupChannelId,
        prefix: opened.extranoncePrefix,
      }),
    )
    expect(pool.lines.filter(({ closed }) => closed === undefined)).toHaveLength(2)
    submitted(world, miner, first!)
    submitted(world, miner, second!)
    expect(pool.submits.map(({ share, verdict }) => [share.worker, verdict])).toEqual([
      ['alice.1', true],
      ['bob.2', true],
    ])
  })

  test('ends with its channel, or with who waited for it', () => {
    const { world, pool } = aTranslator(single)
    const miner = world.miner(current)
    miner.request('standard', { user: 'alice.1' })
    world.connectPools()
    const opened = miner.takeOf('OpenStandardMiningChannel.Success')[0]!
    expect(pool.line.closed).toBeUndefined()
    miner.peer.send({ type: 'CloseChannel', channelId: opened.channelId, reasonCode: '' })
    expect(pool.line.closed).toBe('not needed any more')
    miner.request('standard', { user: 'bob.1' })
    expect(world.dialed.size).toBe(1)
    miner.peer.disconnect()
    expect(world.dialed.size).toBe(0)
  })

  test('that no pool authorizes refuses the channel', () => {
    const { world, pool } = aTranslator(single)
    const miner = world.miner(current)
    pool.authorizes = false
    miner.request('standard', { user: 'mallory' })
    world.connectPools()
    expect(miner.takeOf('OpenMiningChannel.Error')).toMatchObject([{ errorCode: 'unknown-user' }])
    expect(world.dialed.size).toBe(0)
  })

  test('there are so many, and not more', () => {
    const { world } = aTranslator({ ...single, maxPoolConnections: 1 })
    const miner = world.miner(current)
    const requestId = miner.request('standard', { user: 'a' })
    world.connectPools()
    const first = miner.takeOf('OpenStandardMiningChannel.Success')
    miner.request('standard', { user: 'b' })
    expect(world.factsOf('channelRefused')).toMatchObject([{ code: 'channel-capacity-exhausted' }])
    expect(first).toMatchObject([{ requestId }])
  })
})

test('a client waits for its setup until the pool has said what may be rolled', () => {
  const pool = new ScriptedPool()
  pool.up = false
  const world = new TranslatorWorld([pool])
  const peer = world.connect({
    port: { kind: 'miners' },
    edition: current,
    protocol: 'mining',
    plays: 'client',
  })
  peer.send(aSetup())
  expect(peer.received()).toEqual([])
  pool.up = true
  world.connectPools()
  expect(peer.received()).toMatchObject([{ type: 'SetupConnection.Success', flags: 0 }])
})

test('a pool that wants the impossible gets what can be mined', () => {
  const { world, pool } = aTranslator({ difficulty: 1e300 })
  const miner = world.miner(current)
  const channel = miner.open('standard')
  expect(targetToDifficulty(channel.target)).toBeLessThan(1)
  expect(submitted(world, miner, channel)).toMatchObject([{ type: 'SubmitShares.Success' }])
  expect(pool.submits).toEqual([])
})
