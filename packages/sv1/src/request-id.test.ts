import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sv1Server } from './index.ts'

test.each([
  ['a number', '{"id": 1, "method": "mining.ping"}', '1'],
  ['a number with a fraction of zero', '{"id":1.50,"method":"mining.ping"}', '1.50'],
  ['a number above 2^53', '{"id":98765432109876543210,"method":"mining.ping"}', '98765432109876543210'],
  ['an exponent', '{"method":"mining.ping","id":-1e+2}', '-1e+2'],
  ['text', '{"id" : "abc" ,"method":"mining.ping"}', '"abc"'],
  ['text with brackets', '{"id":"}],{","method":"mining.ping"}', '"}],{"'],
  ['text with escapes', '{"id":"a\\"b\\u0031\\\\","method":"mining.ping"}', '"a\\"b\\u0031\\\\"'],
  ['null', '{"id":null,"method":"mining.ping"}', 'null'],
  ['a boolean', '{"id":true,"method":"mining.ping"}', 'true'],
  ['a list', '{"id":[1, [2]],"method":"mining.ping"}', '[1, [2]]'],
  ['an object', '{"id":{"a":"}"},"method":"mining.ping"}', '{"a":"}"}'],
  ['a key with an escape', '{"\\u0069d":7,"method":"mining.ping"}', '7'],
  ['the last of two', '{"id":1,"method":"mining.ping","id":2}', '2'],
  ['one above another inside', '{"params":[{"id":5.0}],"id":6.0,"method":"mining.ping"}', '6.0'],
  ['one beside its name as text', '{"id":"id","method":"mining.ping"}', '"id"'],
  ['one behind quotes in text', '{"params":["\\"id\\":9"],"id":3,"method":"mining.ping"}', '3'],
])('the id is kept as it was written: %s', (_, line, id) => {
  expect(sv1Server.decode(line)).toEqual({ type: 'mining.ping', id })
})

test('a missing id is undefined, also when something inside has one', () => {
  expect(sv1Server.decode('{"method":"mining.ping"}')).toEqual({ type: 'mining.ping', id: undefined })
  expect(sv1Server.decode('{"method":"mining.ping","params":[{"id":5}]}')).toEqual({
    type: 'mining.ping',
    id: undefined,
  })
})

test('an id of more than 256 characters is not echoed', () => {
  const line = (length: number): string => `{"id":${'9'.repeat(length)},"method":"mining.ping"}`
  expect(sv1Server.decode(line(256))).toEqual({ type: 'mining.ping', id: '9'.repeat(256) })
  expect(sv1Server.decode(line(257))).toEqual({
    type: 'malformed',
    id: undefined,
    method: 'mining.ping',
    reason: 'an id of more than 256 characters',
  })
})

test('whatever JSON the id is, what comes back reads the same', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 3 }), fc.json({ maxDepth: 3 }), fc.boolean(), (id, params, first) => {
      const members = [`"id" :\t${id} `, `"params":${params}`, '"method":"mining.ping"']
      const decoded = sv1Server.decode(`{${(first ? members : members.reverse()).join(' , ')}}`)
      fc.pre(id.length <= 256 && Array.isArray(JSON.parse(params)))
      expect(decoded).toEqual({ type: 'mining.ping', id })
    }),
  )
})
