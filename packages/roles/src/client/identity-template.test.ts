import { describe, expect, test } from 'vitest'
import { fillIdentity, shortened, workerOf } from './identity-template.ts'

describe('an identity told to an upstream', () => {
  test.each([
    ['{identity}', 'alice.rig.2', 'alice.rig.2'],
    ['farm.{worker}', 'alice.rig.2', 'farm.rig.2'],
    ['{user}', 'alice.rig.2', 'alice'],
    ['{user}', 'alice', 'alice'],
    ['farm.{worker}', 'alice', 'farm.'],
    ['{other}', 'alice', '{other}'],
  ])('%s of %s is %s', (template, identity, filled) => {
    expect(fillIdentity(template, identity)).toBe(filled)
  })

  test('is cut at 255 bytes', () => {
    const longest = 'a'.repeat(255)
    expect(fillIdentity('{identity}', longest)).toBe(longest)
    expect(fillIdentity('{identity}', `${longest}b`)).toBe(longest)
    expect(fillIdentity('x{identity}', longest)).toBe(`x${longest.slice(1)}`)
  })
})

test.each([
  ['aé', 2, 'a'],
  ['aé', 3, 'aé'],
  ['a€', 3, 'a'],
  ['a€', 4, 'a€'],
  ['a😀', 4, 'a'],
  ['a😀', 5, 'a😀'],
])('%s in %i bytes is %s: no character is cut', (text, bytes, short) => {
  expect(shortened(text, bytes)).toBe(short)
})

test.each([
  ['alice', ''],
  ['.rig', 'rig'],
  ['alice.', ''],
])('the worker of %s is "%s"', (identity, worker) => {
  expect(workerOf(identity)).toBe(worker)
})
