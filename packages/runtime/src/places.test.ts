import { expect, test } from 'vitest'
import { type Place, Places } from './places.ts'

/** A door with so many places, and a way to come in. */
function aDoor(most: number) {
  const places = new Places(most)
  const left: string[] = []
  const come = (name: string, address: string) => {
    const place: Place = {
      address,
      leave() {
        left.push(name)
        places.free(place)
      },
    }
    return { place, taken: places.take(place) }
  }
  return { places, left, come }
}

test('a full door makes room: the oldest that shows no work goes, whoever works stays', () => {
  const { places, left, come } = aDoor(3)
  const worker = come('worker', '10.0.0.1')
  places.works(worker.place)
  come('first', '10.0.0.1')
  come('second', '10.0.0.1')
  expect(come('third', '10.0.0.1').taken).toBe(true)
  expect(come('fourth', '10.0.0.1').taken).toBe(true)
  expect(left).toEqual(['first', 'second'])
})

test('the address with most of them makes room first, so that a crowd pushes out its own', () => {
  const { left, come } = aDoor(5)
  come('honest', '10.0.0.1')
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) come(name, '10.0.0.66')
  expect(come('another honest', '10.0.0.2').taken).toBe(true)
  expect(left).toEqual(['a', 'b', 'c'])
})

test('a door full of those who work is full, until one leaves', () => {
  const { places, come } = aDoor(2)
  const workers = [come('one', '10.0.0.1'), come('two', '10.0.0.2')]
  for (const { place } of workers) places.works(place)
  expect(come('late', '10.0.0.3').taken).toBe(false)
  places.free(workers[0]!.place)
  expect(come('late', '10.0.0.3').taken).toBe(true)
})
