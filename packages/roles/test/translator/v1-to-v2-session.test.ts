import { addressToScript, concatBytes, scriptToAddress } from '@sv2/bitcoin'
import { current } from '@sv2/messages/current'
import { describe, expect, test } from 'vitest'
import { filled } from '../_fixtures.ts'
import { verdict } from '../_sv1-miner.ts'
import { aTranslator, EASY, TranslatorWorld } from '../_sv1-world.ts'

const REGTEST = 'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202'
const MAINNET = 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4'

describe('requests in any order', () => {
  test('everything at once: answers in order, the difficulty and the job last', () => {
    const { world } = aTranslator(current)
    const peer = world.peer()
    peer.send(
      {
        id: 1,
        method: 'mining.configure',
        params: [['version-rolling'], { 'version-rolling.mask': 'ffffffff' }],
      },
      { id: 2, method: 'mining.subscribe', params: ['bitaxe/BM1368/v2.9.0'] },
      { id: 3, method: 'mining.authorize', params: ['alice.axe', 'x'] },
    )
    expect(peer.lines.map(({ id, method }) => method ?? id)).toEqual([
      1,
      2,
      3,
      'mining.set_difficulty',
      'mining.notify',
    ])
  })

  test('what a miner calls itself is told, as far as a line of a log takes it', () => {
    const { world } = aTranslator(current)
    world.peer().request('mining.subscribe', `cgminer/${'9'.repeat(10_000)}`)
    const [fact] = world.factsOf('v1Subscribed')
    expect(fact).toMatchObject({ dialect: 'cgminer' })
    expect(String(fact?.userAgent)).toMatch(/^cgminer.9{1,100}$/)
  })

  test('authorize before subscribe', () => {
    const { world } = aTranslator(current)
    const peer = world.peer()
    expect(verdict(peer.request('mining.authorize', 'alice', 'x'))).toBe(true)
    expect(peer.take()).toHaveLength(1)
    peer.request('mining.subscribe')
    expect(peer.takeKinds()).toEqual(['answer', 'mining.set_difficulty', 'mining.notify'])
  })

  test('a second subscribe and a second authorize get the same answer, and no second job', () => {
    const { world } = aTranslator(current)
    const miner = world.miner().login()
    const first = miner.peer.lines[0]?.result
    miner.peer.take()
    expect(miner.peer.request('mining.subscribe', 'other').result).toEqual(first)
    expect(verdict(miner.peer.request('mining.authorize', miner.user, 'x'))).toBe(true)
    expect(miner.peer.takeKinds()).toEqual(['answer', 'answer'])
  })

  test('a share before all that is refused with 25, 24 and 21', () => {
    const { world } = aTranslator(current)
    const peer = world.peer()
    const share = ['alice', '1', '00'.repeat(8), '00000000', '00000000']
    expect(verdict(peer.request('mining.submit', ...share))).toBe(25)
    peer.request('mining.subscribe', 'x')
    expect(verdict(peer.request('mining.submit', ...share))).toBe(24)
    const empty = new TranslatorWorld()
    const early = empty.miner('alice').login()
    expect(verdict(early.peer.request('mining.submit', ...share))).toBe(21)
  })

  test.each([
    ['a number', '7', 7],
    ['a string', '"a\\"b"', 'a"b'],
    ['null', 'null', null],
    ['a float', '1.50', 1.5],
    ['an object', '{"a":1}', { a: 1 }],
    ['a huge number', '12345678901234567890', 12345678901234567000],
  ])('the id comes back as it was: %s', (_, id, echoed) => {
    const { world } = aTranslator(current)
    const peer = world.peer()
    peer.send(`{"id":${id},"method":"mining.subscribe","params":[]}`)
    expect(peer.lines[0]?.id).toEqual(echoed)
  })

  test('a missing id is answered with null', () => {
    const { world } = aTranslator(current)
    const peer = world.peer()
    peer.send('{"method":"mining.subscribe","params":[]}')
    expect(peer.lines[0]?.id).toBeNull()
  })

  test('unknown methods and nonsense get an error, and nobody is disconnected', () => {
    const { world } = aTranslator(current)
    const miner = world.miner().login()
    const { peer } = miner
    const lines = ['{', '[]', 'x', '{"id":1,"method":5}', '{"id":1,"method":"mining.submit","params":{}}']
    peer.take()
    peer.send(...lines)
    expect(peer.take().every(({ error }) => Array.isArray(error) && error[0] === 20)).toBe(true)
    expect(verdict(peer.request('eth_submitHashrate', '0x1'))).toBe(20)
    expect(peer.request('eth_submitHashrate\u0000\u001b[31m').error).toEqual([
      20,
      'Unknown method eth_submitHashrate??[31m',
      null,
    ])
    expect(miner.mine()).toBe(true)
  })

  test('what is no part of mining is answered politely', () => {
    const { world } = aTranslator(current)
    const peer = world.peer()
    expect(verdict(peer.request('mining.get_transactions', '1'))).toBe(21)
    expect(verdict(peer.request('mining.get_txnhashes', '1'))).toBe(20)
    expect(peer.request('mining.capabilities', {}).result).toBe(true)
    expect(peer.request('mining.ping').result).toBe('pong')
    expect(verdict(peer.request('mining.set_goal', 'x'))).toBe(20)
    peer.take()
    peer.send('{"id":1,"method":"mining.pong"}', '{"id":1,"result":"cgminer/4"}')
    expect(peer.take()).toEqual([])
  })
})

describe('workers', () => {
  test('several on one connection: each submits under its name, and others are refused with 24', () => {
    const { world, pool } = aTranslator(current, { upstreams: [{ extensions: [2] }] }, { supports: [2] })
    const miner = world.miner('farm.rig1').login()
    expect(verdict(miner.peer.request('mining.authorize', 'farm.rig2', 'x'))).toBe(true)
    expect(miner.mine()).toBe(true)
    expect(miner.mine({ worker: 'farm.rig2' })).toBe(true)
    expect(miner.mine({ worker: 'farm.rig3' })).toBe(24)
    expect(pool.take('SubmitSharesExtended').map(({ userIdentity }) => userIdentity)).toEqual([
      'rig1',
      'rig2',
    ])
  })

  test('no more of them than the limit', () => {
    const { world } = aTranslator(current)
    const miner = world.miner().login()
    const answers = Array.from({ length: 9 }, (_, at) => miner.peer.request('mining.authorize', `w${at}`, ''))
    expect(answers.filter(({ result }) => result === false)).toHaveLength(2)
    expect(world.factsOf('workerRefused')).toMatchObject([
      { reason: 'too-many-workers' },
      { reason: 'too-many-workers' },
    ])
  })

  test('no name that is endless', () => {
    const { world } = aTranslator(current)
    const { result, error } = world.peer().request('mining.authorize', 'a'.repeat(256), 'x')
    expect(result).toBe(false)
    expect(error).toEqual([24, 'a user name has at most 255 characters', null])
  })

  test('an address of another network is refused, and the answer names both', () => {
    const { world } = aTranslator(current)
    const peer = world.peer()
    peer.request('mining.subscribe', 'cgminer/4.11.1')
    const { result, error } = peer.request('mining.authorize', `${MAINNET}.rig`, 'x')
    expect(result).toBe(false)
    expect(error).toEqual([24, 'this address belongs to mainnet, and blocks here are of regtest', null])
    expect(peer.all('client.show_message')).toHaveLength(1)
    expect(peer.all('mining.notify')).toHaveLength(0)
    expect(peer.request('mining.authorize', `${REGTEST}.rig`, 'x').result).toBe(true)
    expect(peer.all('mining.notify')).toHaveLength(1)
  })

  test.each([
    ['auto', 'farm', true],
    ['auto', MAINNET, false],
    ['auto', MAINNET.toUpperCase(), false],
    ['auto', REGTEST.toUpperCase(), true],
    ['auto', `${REGTEST}%2Erig`, true],
    ['auto', `${MAINNET}%2Erig`, false],
    ['always', 'farm', false],
    ['always', `${REGTEST}.a`, true],
    ['never', MAINNET, true],
  ] as const)('identities are addresses: %s; user %s', (identityIsAddress, user, result) => {
    const { world } = aTranslator(current, {
      front: { payoutCheck: { identityIsAddress, network: 'regtest' } },
    })
    expect(world.peer().request('mining.authorize', user, 'x').result).toBe(result)
  })
})

describe('a miner whose user name is an address that blocks here do not pay', () => {
  const paid = [{ address: REGTEST, script: addressToScript(REGTEST, 'regtest') }]
  const OTHER = scriptToAddress(concatBytes(Uint8Array.of(0, 20), filled(1, 20)), 'regtest')!

  test.each([
    ['auto', OTHER, false],
    ['auto', `${OTHER}.rig`, false],
    ['auto', `${REGTEST}.rig`, true],
    ['auto', REGTEST.toUpperCase(), true],
    ['auto', 'rig7', true],
    ['always', OTHER, false],
    ['never', OTHER, true],
  ] as const)('%s: %s may mine: %s', (identityIsAddress, user, result) => {
    const payoutCheck = { identityIsAddress, network: 'regtest', paid } as const
    const { world } = aTranslator(current, { front: { payoutCheck } })
    expect(world.peer().request('mining.authorize', user, 'x').result).toBe(result)
  })

  test('is told who is paid', () => {
    const payoutCheck = { identityIsAddress: 'auto', network: 'regtest', paid } as const
    const { world } = aTranslator(current, { front: { payoutCheck } })
    const { error } = world.peer().request('mining.authorize', OTHER, 'x')
    expect((error as [number, string])[1]).toBe(
      `blocks found here pay ${REGTEST}, not the address in the user name`,
    )
    expect(world.factsOf('workerRefused')).toMatchObject([{ reason: 'not-paid-here' }])
  })
})

describe('limits of a connection', () => {
  test('one that says nothing is closed after a while', () => {
    const { world } = aTranslator(current)
    const peer = world.peer()
    world.link.advance(61_000)
    expect(peer.closed).toBe('neither subscribed nor authorized in time')
  })

  test('one that only subscribes is closed too; one that waits for an upstream is not', () => {
    const world = new TranslatorWorld({ eager: false })
    const idle = world.miner()
    idle.subscribe('x')
    const waiting = world.miner().login()
    world.link.advance(200_000)
    expect(idle.peer.closed).toBeDefined()
    expect(waiting.peer.closed).toBeUndefined()
  })

  test('too many requests a second end the connection with a reason, and no other', () => {
    const { world } = aTranslator(current)
    const other = world.miner().login()
    const peer = world.peer()
    for (let at = 0; at < 600; at++) peer.send('{"id":1,"method":"mining.ping"}')
    expect(peer.closed).toBe('more than 50 requests a second')
    expect(other.mine()).toBe(true)
  })

  test('too many shares a second as well; in the ten seconds after a new difficulty they are only refused', () => {
    const { world } = aTranslator(current, { front: { limits: { maxSharesPerSecond: 2 } } })
    const miner = world.miner().login()
    const share = miner.find()
    const flood = () =>
      Array.from({ length: 21 }, () => verdict(miner.peer.request('mining.submit', ...share)))
    expect(flood()).toEqual([true, ...Array(19).fill(22), 20])
    expect(miner.peer.lines.at(-1)?.error).toEqual([20, expect.stringMatching(/^Too many shares a/), null])
    world.link.advance(9_999)
    miner.peer.send({ id: 1, method: 'mining.submit', params: share })
    expect(miner.peer.closed).toBeUndefined()
    world.link.advance(10_001)
    for (let at = 0; at < 21; at++) miner.peer.send({ id: at, method: 'mining.submit', params: share })
    expect(miner.peer.closed).toBe('more than 2 shares a second')
  })

  test('when no extranonce is left, subscribe says so and the connection is closed', () => {
    const { world } = aTranslator(current, {
      miners: { extranonce: { serverId: new Uint8Array(0), leaseBytes: 1 } },
    })
    for (let at = 0; at < 256; at++) world.miner().login()
    const peer = world.peer()
    expect(peer.request('mining.subscribe', 'x').error).toEqual([20, 'No extranonce space is left', null])
    expect(peer.closed).toBe('no extranonce space is left')
  })
})

describe('a session that comes back', () => {
  test('gets the extranonce1 it had, and a share it was credited for is not credited again', () => {
    const { world } = aTranslator(current)
    const miner = world.miner().login('cgminer/4.11.1')
    const share = miner.find()
    expect(verdict(miner.peer.request('mining.submit', ...share))).toBe(true)
    miner.peer.disconnect()
    world.miner().login()
    const again = world.miner().login('cgminer/4.11.1', 'x', miner.sessionId)
    expect(again.extranonce1).toBe(miner.extranonce1)
    expect(again.sessionId).toBe(miner.sessionId)
    expect(world.factsOf('v1Subscribed').at(-1)).toMatchObject({ resumed: true })
    expect(verdict(again.peer.request('mining.submit', ...share))).toBe(22)
    expect(again.mine()).toBe(true)
  })

  test('gets a new one with an id nobody knows, that is in use, or that is too old', () => {
    const { world } = aTranslator(current)
    const miner = world.miner().login()
    for (const sessionId of ['ae6812eb4cd7735a302a8a9dd95cf71f', miner.sessionId]) {
      const other = world.miner().login('cgminer/4.11.1', 'x', sessionId)
      expect(other.extranonce1).not.toBe(miner.extranonce1)
      expect(other.sessionId).not.toBe(sessionId)
    }
    miner.peer.disconnect()
    world.link.advance(601_000)
    expect(world.miner().login('x', 'x', miner.sessionId).sessionId).not.toBe(miner.sessionId)
  })
})

describe('devices of Stratum V2 on the same node', () => {
  test('share the work with V1 miners', () => {
    const { world, pool } = aTranslator(current)
    const miner = world.miner().login()
    const device = world.device(current)
    const channel = device.open('extended', { hashrate: 1 })
    expect(miner.mine()).toBe(true)
    device.peer.send(device.find(channel))
    expect(pool.take('SubmitSharesExtended')).toHaveLength(2)
    pool.tip(1, 11, new Uint8Array(32).fill(0xbb))
    expect(miner.job.clean).toBe(true)
    expect(device.job(channel).jobId.toString(16)).toBe(miner.job.jobId)
  })
})

test('devices that declare more than can be told upstream cost nobody the upstream', () => {
  const { world, pool } = aTranslator(current)
  const miner = world.miner().login()
  for (let at = 0; at < 2; at++) world.device(current).request('extended', { hashrate: 3e38 })
  world.link.advance(2_000)
  expect(pool.take('UpdateChannel').at(-1)?.nominalHashRate).toBeGreaterThan(9e37)
  expect(pool.peer.closed).toBeUndefined()
  expect(miner.mine()).toBe(true)
})

test('the minimum difficulty of a whole network too easy for a device does not shut it out', () => {
  const { world } = aTranslator(current, { front: { ...EASY, minDifficulty: 2 ** 40 } })
  const miner = world.miner().login()
  expect(miner.difficulty).toBeLessThanOrEqual(1)
  expect(miner.mine()).toBe(true)
})
