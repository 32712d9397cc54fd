import { describe, expect, test } from 'vitest'
import { type Algorithm, runCourse } from './_vardiff-model.ts'
import { Vardiff } from './vardiff.ts'

const AIM = { sharesPerMinute: 12 }
const MINUTE = 60_000
const DEVICES = 200

function ours(now: number): Algorithm {
  const vardiff = new Vardiff(now)
  return {
    share: (weight, at) => vardiff.share(weight, AIM, at),
    restart: (at) => vardiff.restart(at),
    verdict: (at) => vardiff.verdict(AIM, at),
  }
}

/** The baseline: a look every 72 shares or 240 s, and a new difficulty when the rate is off by a third up or by half down. */
function fixedWindow(start: number): Algorithm {
  let from = start
  let work = 0
  return {
    share: (weight) => {
      work += Math.min(weight, 1)
    },
    restart: (now) => {
      from = now
      work = 0
    },
    verdict: (now) => {
      if (work < 72 && now - from < 4 * MINUTE) return undefined
      const factor = work / (((now - from) / MINUTE) * AIM.sharesPerMinute)
      from = now
      work = 0
      return factor > 0.5 && factor < 1.33 ? undefined : Math.max(factor, 1 / 16)
    },
  }
}

interface Step {
  readonly algorithm?: (now: number) => Algorithm
  /** Hash rate before and after the step, as parts of what the first difficulty is right for. */
  readonly before: number
  readonly after: number
  readonly minutes: number
  readonly lagMs?: number
}

/** Parts of the devices whose difficulty is within a factor of the right one, so many minutes after a step. */
function withinAfter(step: Step, factor: number): number {
  const at = step.before === step.after ? 0 : 20 * MINUTE
  const until = at + step.minutes * MINUTE
  let within = 0
  for (let seed = 1; seed <= DEVICES; seed++) {
    const outcome = runCourse({
      algorithm: step.algorithm ?? ours,
      seed,
      rate: (now) => AIM.sharesPerMinute * (now < at ? step.before : step.after),
      start: 1,
      untilMs: until,
      lagMs: step.lagMs ?? 0,
    })
    const ratio = outcome.at(until) / step.after
    if (ratio < factor && ratio > 1 / factor) within++
  }
  return within / DEVICES
}

describe.each([
  ['applies a target at once', 0],
  ['applies a target with the next job', 2_000],
])('a device that %s', (_, lagMs) => {
  test('has the right difficulty 3 min after its hash rate halved or doubled', () => {
    expect(withinAfter({ before: 1, after: 0.5, minutes: 3, lagMs }, 1.7)).toBeGreaterThan(0.88)
    expect(withinAfter({ before: 1, after: 2, minutes: 3, lagMs }, 1.7)).toBeGreaterThan(0.93)
  })

  test('has the right difficulty 5 min after a start 1000 times off, either way', () => {
    expect(withinAfter({ before: 1000, after: 1000, minutes: 5, lagMs }, 1.7)).toBeGreaterThan(0.95)
    expect(withinAfter({ before: 0.001, after: 0.001, minutes: 5, lagMs }, 1.7)).toBeGreaterThan(0.88)
  })

  test('is hardly disturbed while its hash rate is steady', () => {
    let changes = 0
    let squares = 0
    for (let seed = 1; seed <= 50; seed++) {
      const outcome = runCourse({
        algorithm: ours,
        seed,
        rate: () => AIM.sharesPerMinute,
        start: 1,
        untilMs: 120 * MINUTE,
        lagMs,
      })
      changes += outcome.changes.filter(({ at }) => at > 60 * MINUTE).length
      for (let minute = 60; minute < 120; minute++)
        squares += Math.log2(outcome.at(minute * MINUTE)) ** 2 / (50 * 60)
      for (const { difficulty } of outcome.changes) expect(Math.abs(Math.log2(difficulty))).toBeLessThan(2.1)
    }
    expect(changes / 50).toBeLessThan(8)
    expect(Math.sqrt(squares)).toBeLessThan(0.33)
  })
})

test('it is right sooner than a fixed window, after a drop and after a wrong start', () => {
  const halving = { before: 1, after: 0.5, minutes: 3 }
  const start = { before: 0.001, after: 0.001, minutes: 5 }
  expect(withinAfter({ ...halving, algorithm: fixedWindow }, 1.7)).toBeLessThan(0.1)
  expect(withinAfter({ ...start, algorithm: fixedWindow }, 1.7)).toBeLessThan(0.1)
  expect(withinAfter(halving, 1.7)).toBeGreaterThan(0.88)
  expect(withinAfter(start, 1.7)).toBeGreaterThan(0.88)
})

test('silence is evidence: a device that finds nothing is lowered again and again', () => {
  const outcome = runCourse({ algorithm: ours, seed: 1, rate: () => 0, start: 1, untilMs: 10 * MINUTE })
  expect(outcome.changes.length).toBeGreaterThan(5)
  expect(outcome.changes[0]!.at).toBeLessThan(40_000)
  for (const [index, { difficulty }] of outcome.changes.entries())
    expect(difficulty).toBeLessThan(outcome.changes[index - 1]?.difficulty ?? 1)
})

test('three lucky shares raise nothing', () => {
  const vardiff = new Vardiff(0)
  for (let share = 0; share < 3; share++) vardiff.share(1, AIM, 10)
  expect(vardiff.verdict(AIM, 10)).toBeUndefined()
  vardiff.share(1, AIM, 10)
  expect(vardiff.verdict(AIM, 10)).toBeGreaterThan(1.35)
})

test('shares of an easier job prove less, those of a harder one no more', () => {
  const weigh = (weight: number) => {
    const vardiff = new Vardiff(0)
    for (let share = 0; share < 40; share++) vardiff.share(weight, AIM, 30_000)
    return vardiff.verdict(AIM, 30_000)
  }
  expect(weigh(0.001)).toBeLessThan(1)
  expect(weigh(1000)).toBe(weigh(1))
})

test('a clock that stands still or a share in the past does no harm', () => {
  const vardiff = new Vardiff(1_000)
  vardiff.share(1, AIM, 500)
  expect(vardiff.verdict(AIM, 1_000)).toBeUndefined()
  vardiff.restart(2_000)
  expect(vardiff.verdict(AIM, 2_000)).toBeUndefined()
})
