import { targetToDifficulty } from '@sv2/bitcoin'
import { current } from '@sv2/messages/current'
import type { TargetHabit } from '@sv2/sim'
import { DrawnHash, MiningWorld } from '@sv2/sim'
import { describe, expect, test } from 'vitest'
import { aTemplate, aTip, filled, NOW, poolSettings } from '../_fixtures.ts'

/** Difficulty a millisecond of a device of about 100 TH/s. */
const SPEED = 23
/** A network of difficulty 2^48 or so: no block by chance. */
const NBITS = 0x1500_ffff
const MINUTE = 60_000

interface Counted {
  accepted: number
  refused: number
  changes: number
}

function aWorld(seed: number) {
  const counted: Counted = { accepted: 0, refused: 0, changes: 0 }
  const settings = poolSettings({
    miners: { vardiff: true, startDifficulty: 1000, maxChannels: 200_000, maxChannelsPerConnection: 10_000 },
  })
  const world = new MiningWorld(
    { pool: settings, capabilities: current.capabilities, seed, latencyMs: 50, start: NOW },
    (fact) => {
      if (fact.kind === 'shareAccepted') counted.accepted++
      else if (fact.kind === 'shareRefused') counted.refused++
      else if (fact.kind === 'difficultyChanged') counted.changes++
    },
  )
  let templateId = 0n
  const block = () => {
    templateId++
    world.fromProvider(aTemplate({ templateId }))
    world.fromProvider(aTip({ templateId, prevHash: filled(Number(templateId)), nbits: NBITS }))
  }
  block()
  return { world, counted, block }
}

test('10,000 channels for three minutes: nothing is counted twice and nothing is lost', {
  timeout: 120_000,
}, () => {
  const { world, counted, block } = aWorld(1)
  for (let connection = 0; connection < 100; connection++) {
    const kind = connection % 2 === 0 ? 'standard' : 'extended'
    const habit = connection % 4 < 2 ? 'at-once' : 'next-job'
    world.connect(100, { kind, habit, speed: SPEED * (1 + connection / 10) })
  }
  for (let minute = 0; minute < 3; minute++) {
    world.advance(MINUTE)
    block()
  }
  world.stop()
  world.advance(5_000)
  const { found, acknowledged, refused, work } = world.tally
  expect(found).toBeGreaterThan(300_000)
  expect(found).toBe(counted.accepted + counted.refused)
  expect(acknowledged).toBe(counted.accepted)
  expect(refused).toBe(counted.refused)
  // shares on their way when the tip changed, and no others
  expect(refused / found).toBeLessThan(0.002)
  // what was acknowledged is what the devices did: 100 of each speed
  const done = 100 * SPEED * (100 + 495) * 3 * MINUTE
  expect(Number(work) / done).toBeGreaterThan(0.97)
  expect(Number(work) / done).toBeLessThan(1.03)
})

describe.each<[TargetHabit]>([['at-once'], ['next-job']])('devices that apply a target %s', (habit) => {
  /** Runs a step for 400 devices; answers how far off they are at the end, and what became of the shares between. */
  function afterStep(step: { declared?: number; factor?: number; minutes: number }) {
    const { world, counted, block } = aWorld(7)
    const { declared = 1, factor = 1, minutes } = step
    const miners = world.connect(400, { kind: 'extended', habit, speed: SPEED, declared })
    if (factor !== 1) world.advance(15 * MINUTE)
    const before = { ...counted }
    for (const miner of miners) world.setSpeed(miner, SPEED * factor)
    for (let minute = 0; minute < minutes; minute++) {
      if (minute % 2 === 1) block()
      world.advance(MINUTE)
    }
    const right = (SPEED * factor * MINUTE) / 12
    const within =
      miners.filter(({ told }) => told / right < 1.7 && right / told < 1.7).length / miners.length
    const accepted = counted.accepted - before.accepted
    const refused = counted.refused - before.refused
    return { within, refusedPart: refused / (accepted + refused), changes: counted.changes - before.changes }
  }

  test('settle within 3 min after a halving and a doubling, hardly a share refused', {
    timeout: 120_000,
  }, () => {
    const halved = afterStep({ factor: 0.5, minutes: 3 })
    expect(halved.within).toBeGreaterThan(0.86)
    expect(halved.refusedPart).toBeLessThan(0.02)
    const doubled = afterStep({ factor: 2, minutes: 3 })
    expect(doubled.within).toBeGreaterThan(0.93)
    expect(doubled.refusedPart).toBeLessThan(0.02)
  })

  test('settle within 5 min where the declared hash rate was 1000 times off', { timeout: 120_000 }, () => {
    const modest = afterStep({ declared: 0.001, minutes: 5 })
    expect(modest.within).toBeGreaterThan(0.95)
    expect(modest.refusedPart).toBeLessThan(0.02)
    const boastful = afterStep({ declared: 1000, minutes: 5 })
    expect(boastful.within).toBeGreaterThan(0.87)
    expect(boastful.refusedPart).toBeLessThan(0.02)
  })
})

test('a drawn hash meets exactly the targets it was drawn for', () => {
  const hash = new DrawnHash()
  const header = new Uint8Array(80)
  for (const difficulty of [1e-6, 0.3, 1, 5, 1e6, 3.3e12, 2 ** 60]) {
    hash.draw(difficulty)
    const ratio = targetToDifficulty(hash.sha256d(header)) / difficulty
    expect(Math.abs(ratio - 65_535 / 65_536)).toBeLessThan(1e-6)
  }
})
