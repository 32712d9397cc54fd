import { describe, expect, test } from 'vitest'
import { declareHashrate, slotFor } from './hashrate-share.ts'
import type { Wish } from './parties.ts'
import { Client, RelaySlot } from './parties.ts'

const capabilities = {
  versionRollingMask: 0,
  maxExtranonceSize: 32,
  takesGroupJobs: true,
  groupsExtendedChannels: true,
  extensions: false,
  jobDialogue: 'declare' as const,
}

function aWish(slot: RelaySlot, requestId: number): Wish {
  const request = { requestId } as Wish['request']
  return { client: undefined as never, slot, channel: undefined, request, isDead: false }
}

describe('wishes of a slot', () => {
  test('are taken in order, without the dead', () => {
    const slot = new RelaySlot([0], 100)
    const wishes = Array.from({ length: 5_000 }, (_, n) => aWish(slot, n))
    for (const wish of wishes) slot.wish(wish)
    for (const wish of wishes) {
      if (wish.request.requestId % 3 === 0) continue
      wish.isDead = true
      slot.buried()
    }
    const taken: number[] = []
    for (let wish = slot.takeWish(); wish !== undefined; wish = slot.takeWish())
      taken.push(wish.request.requestId)
    expect(taken).toEqual(wishes.map(({ request }) => request.requestId).filter((id) => id % 3 === 0))
    expect(slot.takeWish()).toBeUndefined()
  })

  test('do not pile up when they die before they are taken', () => {
    const slot = new RelaySlot([0], 100)
    let looks = 0
    for (let n = 0; n < 20_000; n++) {
      const wish = aWish(slot, n)
      slot.wish(wish)
      Object.defineProperty(wish, 'isDead', { get: () => ++looks > 0 })
      slot.buried()
    }
    looks = 0
    expect(slot.takeWish()).toBeUndefined()
    expect(looks).toBeLessThan(2_048)
  })
})

describe('the slot for a client', () => {
  function sit(slot: RelaySlot, hashrate: number): Client {
    const client = new Client(1, { capabilities, now: 0 })
    client.slot = slot
    slot.clients.add(client)
    client.channels.set(1, undefined as never)
    declareHashrate(client, hashrate)
    return client
  }

  test('is the one that lacks most of its share', () => {
    const slots = [new RelaySlot([0, 1], 70), new RelaySlot([1, 0], 30)]
    for (let n = 0; n < 100; n++) sit(slotFor(slots)!, 1_000)
    expect(slots.map(({ clients }) => clients.size)).toEqual([70, 30])
  })

  test('clients that have declared nothing yet are spread as well', () => {
    const slots = [new RelaySlot([0, 1], 50), new RelaySlot([1, 0], 50)]
    for (let n = 0; n < 10; n++) slotFor(slots)!.clients.add(new Client(n, { capabilities, now: 0 }))
    expect(slots.map(({ clients }) => clients.size)).toEqual([5, 5])
  })

  test('counts what is declared now', () => {
    const slot = new RelaySlot([0], 100)
    const [one, two] = [sit(slot, 300), sit(slot, 200)]
    declareHashrate(one, -100)
    expect([slot.hashrate, slot.declaring]).toEqual([400, 2])
    one.channels.clear()
    declareHashrate(one, -200)
    expect([slot.hashrate, slot.declaring]).toEqual([200, 1])
    two.channels.clear()
    declareHashrate(two, -199.999)
    expect([slot.hashrate, slot.declaring]).toEqual([0, 0])
  })
})
