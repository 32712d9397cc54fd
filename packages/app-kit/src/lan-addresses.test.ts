import { isIPv4 } from 'node:net'
import { networkInterfaces } from 'node:os'
import { expect, test } from 'vitest'
import { reachableAt } from './lan-addresses.ts'

test('a server on one address is reached there', () => {
  expect(reachableAt('192.0.2.1')).toEqual(['192.0.2.1'])
})

test.each(['0.0.0.0', '::'])('a server on %s is reached at addresses of this machine', (host) => {
  const own = Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address))
  const reached = reachableAt(host)
  expect(reached.length).toBeGreaterThan(0)
  for (const address of reached) expect(isIPv4(address) && own.includes(address)).toBe(true)
  const others = own.filter((address) => isIPv4(address) && !address.startsWith('127.'))
  expect(reached.includes('127.0.0.1')).toBe(others.length === 0)
})
