import { describe, expect, test } from 'vitest'
import { declareHashrate, seatFor } from './hashrate-share.ts'
import type { Wish } from './parties.ts'
import { Client, RelaySeat } from './parties.ts'

const capabilities = {
  versionRollingMask: 0,
  maxExtranonceSize: 32,
  takesGroupJobs: true,
  groupsExtendedChannels: true,
  extensions: false,
  jobDialogue: 'declare' as const,
}

function aWish(seat: RelaySeat, requestId: number): Wish {
  const request = { requestId } as Wish['request']
  return { client: undefined as never, seat, channel: undefined, request, isDead: false }
}

describe('wishes of a seat', () => {
  test('are taken in order, without the dead', () => {
    const seat = new RelaySeat([0], 100)
    const wishes = Array.from({ length: 5_000 }, (_, n) => aWish(seat, n))
    for (const wish of wishes) seat.wish(wish)
    for (const wish of wishes) {
      if (wish.request.requestId % 3 === 0) continue
      wish.isDead = true
      seat.buried()
    }
    const taken: number[] = []
    for (let wish = seat.takeWish(); wish !== undefined; wish = seat.takeWish())
      taken.push(wish.request.requestId)
    expect(taken).toEqual(wishes.map(({ request }) => request.requestId).filter((id) => id % 3 === 0))
    expect(seat.takeWish()).toBeUndefined()
  })

  test('do not pile up when they die before they are taken', () => {
    const seat = new RelaySeat([0], 100)
    let looks = 0
    for (let n = 0; n < 20_000; n++) {
      const wish = aWish(seat, n)
      seat.wish(wish)
      Object.defineProperty(wish, 'isDead', { get: () => ++looks > 0 })
      seat.buried()
    }
    looks = 0
    expect(seat.takeWish()).toBeUndefined()
    expect(looks).toBeLessThan(2_048)
  })
})

describe('the seat for a client', () => {
  function sit(seat: RelaySeat, hashrate: number): Client {
    const client = new Client(1, { capabilities, now: 0 })
    client.seat = seat
    seat.clients.add(client)
    client.channels.set(1, undefined as never)
    declareHashrate(client, hashrate)
    return client
  }

  test('is the one that lacks most of its share', () => {
    const seats = [new RelaySeat([0, 1], 70), new RelaySeat([1, 0], 30)]
    for (let n = 0; n < 100; n++) sit(seatFor(seats)!, 1_000)
    expect(seats.map(({ clients }) => clients.size)).toEqual([70, 30])
  })

  test('clients that have declared nothing yet are spread as well', () => {
    const seats = [new RelaySeat([0, 1], 50), new RelaySeat([1, 0], 50)]
    for (let n = 0; n < 10; n++) seatFor(seats)!.clients.add(new Client(n, { capabilities, now: 0 }))
    expect(seats.map(({ clients }) => clients.size)).toEqual([5, 5])
  })

  test('counts what is declared now', () => {
    const seat = new RelaySeat([0], 100)
    const [one, two] = [sit(seat, 300), sit(seat, 200)]
    declareHashrate(one, -100)
    expect([seat.hashrate, seat.declaring]).toEqual([400, 2])
    one.channels.clear()
    declareHashrate(one, -200)
    expect([seat.hashrate, seat.declaring]).toEqual([200, 1])
    two.channels.clear()
    declareHashrate(two, -199.999)
    expect([seat.hashrate, seat.declaring]).toEqual([0, 0])
  })
})
