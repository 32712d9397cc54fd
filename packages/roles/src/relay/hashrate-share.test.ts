import { describe, expect, test } from 'vitest'
import { declareHashrate, leastLoadedSlot } from './hashrate-share.ts'
import type { PendingOpen } from './parties.ts'
import { RelayedClient, RelaySlot } from './parties.ts'

const capabilities = {
  versionRollingMask: 0,
  maxExtranonceSize: 32,
  takesGroupJobs: true,
  groupsExtendedChannels: true,
  extensions: false,
  jobDialogue: 'declare' as const,
}

function aPendingOpen(slot: RelaySlot, requestId: number): PendingOpen {
  const request = { requestId } as PendingOpen['request']
  return { client: undefined as never, slot, channel: undefined, request, isDead: false }
}

describe('pending opens of a slot', () => {
  test('are taken in order, without the dead', () => {
    const slot = new RelaySlot([0], 100)
    const pendingOpens = Array.from({ length: 5_000 }, (_, n) => aPendingOpen(slot, n))
    for (const pendingOpen of pendingOpens) slot.enqueue(pendingOpen)
    for (const pendingOpen of pendingOpens) {
      if (pendingOpen.request.requestId % 3 === 0) continue
      pendingOpen.isDead = true
      slot.buried()
    }
    const taken: number[] = []
    for (
      let pendingOpen = slot.takePendingOpen();
      pendingOpen !== undefined;
      pendingOpen = slot.takePendingOpen()
    )
      taken.push(pendingOpen.request.requestId)
    expect(taken).toEqual(pendingOpens.map(({ request }) => request.requestId).filter((id) => id % 3 === 0))
    expect(slot.takePendingOpen()).toBeUndefined()
  })

  test('do not pile up when they die before they are taken', () => {
    const slot = new RelaySlot([0], 100)
    let looks = 0
    for (let n = 0; n < 20_000; n++) {
      const pendingOpen = aPendingOpen(slot, n)
      slot.enqueue(pendingOpen)
      Object.defineProperty(pendingOpen, 'isDead', { get: () => ++looks > 0 })
      slot.buried()
    }
    looks = 0
    expect(slot.takePendingOpen()).toBeUndefined()
    expect(looks).toBeLessThan(2_048)
  })
})

describe('the slot for a client', () => {
  function sit(slot: RelaySlot, hashrate: number): RelayedClient {
    const client = new RelayedClient(1, { capabilities, now: 0 })
    client.slot = slot
    slot.clients.add(client)
    client.channels.set(1, undefined as never)
    declareHashrate(client, hashrate)
    return client
  }

  test('is the one that lacks most of its share', () => {
    const slots = [new RelaySlot([0, 1], 70), new RelaySlot([1, 0], 30)]
    for (let n = 0; n < 100; n++) sit(leastLoadedSlot(slots)!, 1_000)
    expect(slots.map(({ clients }) => clients.size)).toEqual([70, 30])
  })

  test('clients that have declared nothing yet are spread as well', () => {
    const slots = [new RelaySlot([0, 1], 50), new RelaySlot([1, 0], 50)]
    for (let n = 0; n < 10; n++)
      leastLoadedSlot(slots)!.clients.add(new RelayedClient(n, { capabilities, now: 0 }))
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
