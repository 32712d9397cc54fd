import { describe, expect, test } from 'vitest'
import { IpBudget, isNetwork } from './ip-budget.ts'

const A = '192.0.2.1'
const B = '192.0.2.2'

function budget(over: { open?: number; perMinute?: number; allow?: readonly string[] } = {}): IpBudget {
  return new IpBudget({
    maxConnectionsPerIp: over.open ?? 100,
    connectionsPerMinutePerIp: over.perMinute ?? 100,
    allowList: over.allow ?? [],
  })
}

describe('connections of one address', () => {
  test('are limited in number, and a place is free again once one has ended', () => {
    const ip = budget({ open: 2 })
    expect([ip.admit(A, 0), ip.admit(A, 0), ip.admit(A, 0)]).toEqual([
      'admitted',
      'admitted',
      'too many connections',
    ])
    expect(ip.admit(B, 0)).toBe('admitted')
    ip.release(A)
    expect(ip.admit(A, 0)).toBe('admitted')
  })

  test('an IPv6 host has one budget for its whole /64, an IPv4 host one under both of its spellings', () => {
    const ip = budget({ open: 1 })
    expect(ip.admit('2001:db8:1:2::1', 0)).toBe('admitted')
    expect(ip.admit('2001:db8:1:2:ffff::7', 0)).toBe('too many connections')
    expect(ip.admit('2001:db8:1:3::1', 0)).toBe('admitted')
    ip.release('2001:db8:1:2::1')
    expect(ip.admit('2001:0db8:0001:0002::9', 0)).toBe('admitted')
    expect(ip.admit(`::ffff:${A}`, 0)).toBe('admitted')
    expect(ip.admit(A, 0)).toBe('too many connections')
    expect(budget({ open: 0, allow: ['192.0.2.0/24'] }).admit(`::ffff:${A}`, 0)).toBe('admitted')
  })

  test('are limited in rate, and the budget refills with time', () => {
    const ip = budget({ perMinute: 60 })
    for (let n = 0; n < 60; n++) {
      expect(ip.admit(A, 0)).toBe('admitted')
      ip.release(A)
    }
    expect(ip.admit(A, 0)).toBe('connects too often')
    expect(ip.admit(A, 999)).toBe('connects too often')
    expect(ip.admit(A, 1_001)).toBe('admitted')
    expect(ip.admit(A, 1_001)).toBe('connects too often')
  })

  test('the budget never grows past a minute of connections', () => {
    const ip = budget({ perMinute: 2 })
    ip.admit(A, 0)
    const answers = [1, 2, 3].map(() => ip.admit(A, 3_600_000))
    expect(answers).toEqual(['admitted', 'admitted', 'connects too often'])
  })

  test('a refused one takes nothing from the budget of the open ones', () => {
    const ip = budget({ open: 1 })
    ip.admit(A, 0)
    ip.admit(A, 0)
    ip.release(A)
    ip.release(A)
    expect([ip.admit(A, 0), ip.admit(A, 0)]).toEqual(['admitted', 'too many connections'])
  })

  test.each([
    { allow: '10.0.0.0/8', address: '10.200.3.4' },
    { allow: '192.0.2.1', address: '192.0.2.1' },
    { allow: '127.0.0.0/8', address: '::ffff:127.0.0.1' },
    { allow: '2001:db8::/32', address: '2001:db8::7' },
  ])('$address is without limits when $allow is allowed', ({ allow, address }) => {
    const ip = budget({ open: 1, perMinute: 1, allow: [allow] })
    for (let n = 0; n < 5; n++) expect(ip.admit(address, 0)).toBe('admitted')
    expect(ip.size).toBe(0)
  })

  test('an address next to an allowed network has limits', () => {
    const ip = budget({ open: 1, allow: ['10.0.0.0/8'] })
    ip.admit('11.0.0.1', 0)
    expect(ip.admit('11.0.0.1', 0)).toBe('too many connections')
  })
})

describe('memory of addresses', () => {
  const address = (n: number): string => `2001:db8:${(n >> 16).toString(16)}:${(n & 0xffff).toString(16)}::1`

  test('is bounded, whoever comes, and keeps those that are here', () => {
    const ip = budget({ open: 1, perMinute: 2 })
    ip.admit(A, 0)
    for (let n = 0; n < 70_000; n++) {
      ip.admit(address(n), 0)
      ip.release(address(n))
    }
    expect(ip.size).toBe(65_537)
    expect(ip.admit(A, 0)).toBe('too many connections')
  })

  test('forgets the longest silent ones first', () => {
    const ip = budget({ perMinute: 1 })
    for (let n = 0; n < 65_536; n++) {
      ip.admit(address(n), 0)
      ip.release(address(n))
    }
    expect(ip.admit(address(0), 0)).toBe('connects too often')
    ip.admit(A, 0)
    ip.release(A)
    expect(ip.admit(address(0), 0)).toBe('connects too often')
    expect(ip.admit(address(1), 0)).toBe('admitted')
  })
})

test.each([
  ['127.0.0.1', true],
  ['10.0.0.0/8', true],
  ['::1/128', true],
  ['10.0.0.0/33', false],
  ['::/129', false],
  ['10.0.0.0/8/8', false],
  ['10.0.0.0/', false],
  ['localhost', false],
  ['', false],
])('%j is an address or network: %s', (text, expected) => {
  expect(isNetwork(text)).toBe(expected)
})

test('an allow list with something else in it is refused', () => {
  expect(() => budget({ allow: ['localhost'] })).toThrow(RangeError)
})

test('an address on the allow list counts against nobody, all others against their own, or their /64', () => {
  const budget = new IpBudget({
    maxConnectionsPerIp: 1,
    connectionsPerMinutePerIp: 1,
    allowList: ['10.0.0.0/8'],
  })
  expect(['10.1.2.3', '::ffff:10.1.2.3'].map((address) => budget.holderOf(address))).toEqual([
    undefined,
    undefined,
  ])
  expect(budget.holderOf('::ffff:192.0.2.1')).toBe('192.0.2.1')
  expect(budget.holderOf('2001:db8::1')).toBe(budget.holderOf('2001:db8:0:0:ffff::2'))
})
