import { expect, test } from 'vitest'
import { Outbox } from './outbox.ts'

test('what is emitted comes out once, in the order of time', () => {
  const outbox = new Outbox<string>()
  const { emit } = outbox
  emit('first')
  outbox.emit('second')
  const taken = outbox.take()
  emit('third')
  expect(taken).toEqual(['first', 'second'])
  expect(outbox.take()).toEqual(['third'])
  expect(outbox.take()).toEqual([])
})
