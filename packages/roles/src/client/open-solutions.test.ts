import type { SubmitSolution } from '@sv2/messages'
import { expect, test } from 'vitest'
import { type OpenSolution, OpenSolutions, type SolutionEffect } from './open-solutions.ts'

const tip = (mark: number): Uint8Array => new Uint8Array(32).fill(mark)
const hashOf = (mark: number): string => mark.toString(16).padStart(2, '0').repeat(32)

function found(mark: number, on = 0): OpenSolution {
  const message = { type: 'SubmitSolution', templateId: BigInt(mark) } as SubmitSolution
  return { hash: hashOf(mark), prevHash: tip(on), message }
}

const idsOf = (open: OpenSolutions): readonly number[] =>
  open.messages().map((message) => Number((message as SubmitSolution).templateId))

/** Open solutions, and what they want done since it was last asked. */
function open(earlier?: readonly OpenSolution[]) {
  const effects: SolutionEffect[] = []
  const solutions = new OpenSolutions('SubmitSolution', { earlier, emit: (effect) => effects.push(effect) })
  return { solutions, effects: () => effects.splice(0) }
}

test('a solution is kept, and forgotten when it is the tip', () => {
  const { solutions, effects } = open()
  solutions.add(found(1))
  expect(effects()).toEqual([{ kind: 'keepSolution', solution: found(1) }])
  solutions.moved(tip(1))
  expect(effects()).toEqual([{ kind: 'forgetSolution', hash: hashOf(1) }])
  expect(solutions.messages()).toEqual([])
})

test('a solution is told for six tips more; the same tip told again is none', () => {
  const { solutions } = open()
  solutions.add(found(1))
  for (const mark of [10, 11, 12, 13, 14, 15, 15, 15]) solutions.moved(tip(mark))
  expect(idsOf(solutions)).toEqual([1])
  solutions.moved(tip(16))
  expect(solutions.messages()).toEqual([])
})

test('of one tip sixteen are kept, and 64 of all: the oldest go', () => {
  const { solutions, effects } = open()
  for (let on = 0; on < 10; on++) for (let n = 0; n < 20; n++) solutions.add(found(on * 20 + n, on))
  expect(solutions.messages()).toHaveLength(64)
  expect(idsOf(solutions).slice(0, 2)).toEqual([120, 121])
  const kept = effects().filter(({ kind }) => kind === 'keepSolution')
  expect(kept).toHaveLength(160)
})

test('those of an earlier run are told, and not kept once more', () => {
  const { solutions, effects } = open([found(1), found(2)])
  expect(idsOf(solutions)).toEqual([1, 2])
  expect(effects()).toEqual([])
})
