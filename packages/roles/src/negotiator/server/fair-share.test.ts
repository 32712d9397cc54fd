import { expect, test } from 'vitest'
import { firstOfMost, type JobHolder } from './fair-share.ts'

const of = (address: string | undefined, account: string, connection: number): JobHolder => ({
  address,
  account,
  connection,
})
const first = (held: readonly JobHolder[]) => held.indexOf(firstOfMost(held, (each) => each)!)

test('of the address with most, then of its account, then of its connection, the first goes', () => {
  const honest = of('10.0.0.1', 'a', 1)
  expect(first([honest, of('10.0.0.2', 'b', 2), of('10.0.0.2', 'b', 3)])).toBe(1)
  expect(first([of(undefined, 'a', 1), of(undefined, 'b', 2), of(undefined, 'b', 3)])).toBe(1)
  expect(first([of(undefined, 'a', 1), of(undefined, 'a', 2), of(undefined, 'a', 2)])).toBe(1)
  expect(first([honest, honest])).toBe(0)
  expect(firstOfMost([], () => honest)).toBeUndefined()
})

test('what each weighs counts, not how many there are', () => {
  const held = [of('1', 'a', 1), of('1', 'a', 1), of('2', 'b', 2)]
  const weights = [1, 1, 5]
  expect(
    firstOfMost(
      held,
      (each) => each,
      (each) => weights[held.indexOf(each)]!,
    ),
  ).toBe(held[2])
})
