import { expect, test } from 'vitest'
import { filled } from '../mining/channel/_fixtures.ts'
import { UncheckedTrust } from './unchecked-trust.ts'

test('no more is credited than the operator allows, whoever it is for', () => {
  expect(new UncheckedTrust(0).allows('alice')).toBe(false)
  const trust = new UncheckedTrust(10)
  trust.credit('alice', 6)
  expect(trust.allows('bob')).toBe(true)
  trust.credit('bob', 6)
  expect(['alice', 'bob', 'carol'].map((account) => trust.allows(account))).toEqual([false, false, false])
})

test('a block that is part of the chain frees the part of who found it', () => {
  const trust = new UncheckedTrust(10)
  trust.credit('alice', 6)
  trust.credit('bob', 6)
  trust.found('alice', filled(1))
  trust.tip(filled(1))
  expect(trust.allows('alice')).toBe(true)
  trust.credit('alice', 4)
  expect(trust.allows('alice')).toBe(false)
})

test('one block may lose a race, two that are not in the chain end it', () => {
  const trust = new UncheckedTrust(10)
  for (const [block, allowed] of [
    [1, true],
    [2, false],
  ] as const) {
    trust.found('mallory', filled(block))
    trust.tip(filled(9))
    expect(trust.allows('mallory')).toBe(allowed)
  }
  expect(trust.allows('alice')).toBe(true)
})
