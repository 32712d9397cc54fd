import { difficultyToTarget } from '@sv2/bitcoin'
import { current } from '@sv2/messages/current'
import { describe, expect, test } from 'vitest'
import { type Sv1Miner, verdict } from '../_sv1-miner.ts'
import { aTranslator, EASY } from '../_sv1-world.ts'

/** A network and a pool hard enough that nothing but the miner's own wishes decides. */
const HARD = { target: new Uint8Array(32).fill(0xff, 0, 20) }
const BY_DIALECT = { front: { minDifficulty: undefined, startDifficulty: 64 } } as unknown as {
  front: object
}

/** A translator whose pool pays for nothing easier than 2^64 or so: every difficulty below is the miner's own. */
function aHardTranslator(overrides: { readonly vardiff?: boolean } = {}) {
  const { world, pool } = aTranslator(
    current,
    { ...BY_DIALECT, miners: { vardiff: overrides.vardiff ?? false } },
    HARD,
  )
  pool.tip(1, 20, new Uint8Array(32).fill(0xbb), 0x1500_ffff)
  return { world, pool }
}

function told(miner: Sv1Miner): unknown[] {
  return miner.peer.all('mining.set_difficulty').map(({ params }) => params?.[0])
}

describe('the difficulty to begin with', () => {
  test.each([
    ['of the node, when nothing is known', 'odd', 'x', 0, 64],
    ['of the door', 'odd', 'x', 1, 4096],
    ['by the user agent: a Bitaxe', 'bitaxe/BM1368/v2.9.0', 'x', 0, 64],
    ['by the user agent: NiceHash, whatever it asks for', 'NiceHash/1.0.0', 'd=1', 0, 524_288],
    ['by the user agent: a NerdMiner', 'NerdMinerV2/V1.8.3', 'x', 0, 2 ** -13],
    ['by the password', 'odd', 'd=1024', 0, 1024],
    ['by the password, a power of two below', 'odd', 'x, diff=1500', 1, 1024],
    ['not below the lowest in the password', 'odd', 'd=2,md=100', 0, 128],
    ['not below 1 for an unknown device', 'odd', 'd=0.001', 0, 1],
  ])('%s', (_, userAgent, password, door, difficulty) => {
    const { world } = aHardTranslator()
    const miner = world.miner('alice', door).login(userAgent, password)
    expect(told(miner)).toEqual([difficulty])
  })

  test('by a suggestion that comes first, or by a target', () => {
    const { world } = aHardTranslator()
    const miner = world.miner()
    miner.peer.request('mining.suggest_difficulty', 2000)
    expect(told(miner.login('odd'))).toEqual([1024])
    const other = world.miner()
    other.peer.request('mining.suggest_target', `00000000${'0f'.repeat(28)}`)
    expect(told(other.login('odd'))).toEqual([16])
  })

  test('a suggestion after that changes it, with a job it holds for; the same again changes nothing', () => {
    const { world } = aHardTranslator()
    const miner = world.miner().login('NerdMinerV2/V1.8.3')
    miner.peer.take()
    miner.peer.request('mining.suggest_difficulty', 0.001)
    expect(miner.peer.takeKinds()).toEqual(['answer', 'mining.set_difficulty', 'mining.notify'])
    for (let times = 0; times < 3; times++) miner.peer.request('mining.suggest_difficulty', 0.001)
    expect(miner.peer.takeKinds()).toEqual(['answer', 'answer', 'answer'])
    expect(told(miner)).toEqual([2 ** -13, 2 ** -10])
  })

  test('a password counts more than suggestions', () => {
    const { world } = aHardTranslator()
    const miner = world.miner().login('odd', 'd=512')
    miner.peer.request('mining.suggest_difficulty', 8)
    expect(told(miner)).toEqual([512])
  })

  test('minimum-difficulty of configure is a limit, before and after', () => {
    const { world } = aHardTranslator()
    const miner = world.miner().login('odd')
    miner.peer.request('mining.configure', ['minimum-difficulty'], { 'minimum-difficulty.value': 1000 })
    expect(told(miner)).toEqual([64, 1024])
  })

  test('firmware that takes a difficulty with a clean job only is sent one', () => {
    const { world } = aHardTranslator()
    const miner = world.miner().login('whatsminer/v1.1')
    miner.peer.request('mining.suggest_difficulty', 64)
    expect(miner.jobs.map(({ clean }) => clean)).toEqual([true, true])
    const other = world.miner().login('bitaxe/x')
    other.peer.request('mining.suggest_difficulty', 1)
    world.link.advance(1_100)
    expect(other.jobs.map(({ clean }) => clean)).toEqual([true, false])
  })
})

test('a wish that a fresh upstream does not pay for is granted when the upstream asks for harder shares', () => {
  const { world, pool } = aTranslator(
    current,
    { ...BY_DIALECT, eager: false },
    { target: difficultyToTarget(1024) },
  )
  pool.tip(1, 20, new Uint8Array(32).fill(0xbb), 0x1500_ffff)
  const miner = world.miner().login('odd', 'd=65536')
  pool.serve()
  pool.tip(1, 20, new Uint8Array(32).fill(0xbb), 0x1500_ffff)
  expect(told(miner)).toEqual([1024])
  pool.send({ type: 'SetTarget', channelId: 1, maximumTarget: difficultyToTarget(8192) })
  world.link.advance(6_000)
  pool.send({ type: 'SetTarget', channelId: 1, maximumTarget: difficultyToTarget(1_000_000) })
  world.link.advance(6_000)
  expect(told(miner).slice(0, 3)).toEqual([1024, 8192, 65_536])
})

describe('after that', () => {
  test('a difficulty always comes with a job it holds for, at once or within a second', () => {
    const { world } = aHardTranslator()
    const miner = world.miner().login('odd')
    for (const difficulty of [128, 256, 512]) miner.peer.request('mining.suggest_difficulty', difficulty)
    // the job that came with the first one is known, and no level is chosen for a job that is: the last wish waits
    expect(told(miner)).toEqual([64, 128])
    world.link.advance(1_100)
    expect(miner.peer.lines.at(-1)?.method).toBe('mining.notify')
    expect(told(miner)).toEqual([64, 128, 512])
  })

  test('difficulty races: a share on its way counts by the difficulty its job came with', () => {
    const { world } = aTranslator(current, { front: { ...EASY, minDifficulty: 2 ** -31 } })
    const miner = world.miner().login('odd', `d=${(2 ** -31).toFixed(20)}`)
    const before = miner.job
    const share = miner.find({ hash: (hash) => hash[31]! >= 0x20 && hash[31]! < 0x7f })
    miner.peer.request('mining.suggest_difficulty', 1)
    expect(told(miner)).toEqual([2 ** -31])
    miner.peer.request('mining.configure', ['minimum-difficulty'], { 'minimum-difficulty.value': 2 ** -28 })
    expect(told(miner)).toEqual([2 ** -31, 2 ** -28])
    expect(verdict(miner.peer.request('mining.submit', ...share))).toBe(true)
    const late = miner.find({ hash: (hash) => hash[31]! >= 0x20 && hash[31]! < 0x7f })
    expect(miner.job.jobId).not.toBe(before.jobId)
    expect(verdict(miner.peer.request('mining.submit', ...late))).toBe(23)
  })

  test('an unknown device whose shares stay below a new difficulty is sent a clean job, and the former one stays good', () => {
    const { world } = aTranslator(current, { front: { ...EASY, minDifficulty: 2 ** -31 } })
    const easy = { hash: (hash: Uint8Array) => hash[31]! >= 0x20 && hash[31]! < 0x7f }
    const miner = world.miner().login('odd', `d=${(2 ** -31).toFixed(20)}`)
    miner.peer.request('mining.configure', ['minimum-difficulty'], { 'minimum-difficulty.value': 2 ** -28 })
    const former = miner.job
    const { length: before } = miner.jobs
    expect(miner.mine(easy)).toBe(23)
    world.link.advance(4_900)
    expect(miner.mine(easy)).toBe(23)
    world.link.advance(200)
    expect(miner.jobs).toHaveLength(before)
    expect(miner.mine(easy)).toBe(23)
    world.link.advance(10)
    expect(miner.jobs.slice(before).map(({ clean }) => clean)).toEqual([true])
    expect(miner.job.jobId).not.toBe(former.jobId)
    expect(miner.mine({ job: former, hash: (hash) => hash[31]! < 0x08 })).toBe(true)
    expect(miner.mine(easy)).toBe(23)
    world.link.advance(10_000)
    expect(miner.jobs).toHaveLength(before + 1)
  })

  test('who finds nothing at first is given less to do after 10 s and 20 s', () => {
    const { world } = aHardTranslator()
    const miner = world.miner()
    miner.peer.request('mining.suggest_difficulty', 1000)
    miner.login('bitaxe/BM1366/v2.9.0')
    world.link.advance(31_000)
    expect(told(miner)).toEqual([512, 64, 8])
  })
})

test('a wish beyond all measure is cut to what one miner can be, and the upstream is told nothing absurd', () => {
  const { world, pool } = aHardTranslator()
  const miner = world.miner().login('odd', 'md=1e300,d=1e308')
  expect(told(miner)).toEqual([2 ** 30])
  miner.peer.request('mining.suggest_difficulty', 1e300)
  world.link.advance(2_000)
  expect(pool.peer.closed).toBeUndefined()
  expect(pool.take('UpdateChannel').at(-1)?.nominalHashRate).toBeLessThan(1e18)
})
