import { describe, expect, test } from 'vitest'
import { type Health, pickUpstream } from './pick.ts'

function pick(...health: readonly Health[]) {
  return pickUpstream([...health.keys()], (upstream) => health[upstream] ?? 'idle')
}

describe('the upstream to work with', () => {
  test('is the first that is ready, and nothing behind it is connected', () => {
    expect(pick('ready', 'ready')).toEqual({ use: 0, connect: [0] })
  })

  test('is not looked for further down while a better one may still come', () => {
    expect(pick('idle', 'idle')).toEqual({ use: undefined, connect: [0] })
    expect(pick('dialing', 'idle')).toEqual({ use: undefined, connect: [0] })
  })

  test('is the next one when the first fails, which is tried on', () => {
    expect(pick('failing', 'idle')).toEqual({ use: undefined, connect: [0, 1] })
    expect(pick('failing', 'ready')).toEqual({ use: 1, connect: [0, 1] })
  })

  test('stays the second while the first has yet to prove itself', () => {
    expect(pick('recovering', 'ready')).toEqual({ use: 1, connect: [0, 1] })
  })

  test('is one that recovers where there is nothing better, and no other is dialled for it', () => {
    expect(pick('recovering', 'idle')).toEqual({ use: 0, connect: [0] })
    expect(pick('failing', 'failing')).toEqual({ use: undefined, connect: [0, 1] })
  })
})
