import { addressToScript, hex } from '@sv2/bitcoin'
import { describe, expect, test } from 'vitest'
import { readIdentity } from './identity.ts'

const SCRIPT = Uint8Array.of(0x51)
const ADDRESS = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080'

describe('a pool with one address', () => {
  const payout = { mode: 'pool', script: SCRIPT } as const

  test.each([
    ['alice', 'alice', ''],
    ['alice.rig1', 'alice', 'rig1'],
    ['alice.rig1.board2', 'alice', 'rig1.board2'],
    ['', '', ''],
    ['.', '', ''],
  ])('takes %j as the account %j and the worker %j', (identity, user, worker) => {
    expect(readIdentity(identity, payout)).toEqual({ user, worker, script: SCRIPT, key: 'pool' })
  })

  test('refuses who wants a payout of his own, and says why', () => {
    const refused = readIdentity(`sri/solo/${ADDRESS}/rig`, payout)
    expect(refused).toMatchObject({
      code: 'invalid-user-identity',
      detail: expect.stringContaining('one address'),
    })
  })
})

describe('a pool that shares blocks', () => {
  const payout = { mode: 'shared', network: 'regtest', poolScript: SCRIPT, classes: [500] } as const

  test.each([`${ADDRESS}.rig1`, `sri/solo/${ADDRESS}/rig1`])(
    'knows an account by the address in %s',
    (identity) => {
      const key = hex(addressToScript(ADDRESS, 'regtest'))
      expect(readIdentity(identity, payout)).toEqual({ user: ADDRESS, worker: 'rig1', script: SCRIPT, key })
    },
  )

  test.each(['alice.rig1', 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4', ''])('refuses %j', (identity) => {
    expect(readIdentity(identity, payout)).toMatchObject({ code: 'invalid-user-identity' })
  })
})

describe('a solo pool', () => {
  const payout = { mode: 'solo', network: 'regtest', maxPayouts: 1 } as const

  test.each([ADDRESS, `${ADDRESS}.rig1`, `sri/solo/${ADDRESS}`, `sri/solo/${ADDRESS}/rig1`])(
    'pays the address in %s',
    (identity) => {
      expect(readIdentity(identity, payout)).toMatchObject({
        user: ADDRESS,
        script: addressToScript(ADDRESS, 'regtest'),
      })
    },
  )

  test('names both networks to whoever brings an address of another one', () => {
    const refused = readIdentity('bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4.rig', payout)
    if (!('code' in refused)) throw new Error('it was taken')
    expect(refused.code).toBe('invalid-user-identity')
    expect(refused.detail).toContain('mainnet')
    expect(refused.detail).toContain('regtest')
  })

  test.each(['', 'alice', '.rig1', 'sri/solo/', 'sri/donate/x', '\u0000', 'x'.repeat(255)])(
    'refuses %j with an explanation of bounded length',
    (identity) => {
      const refused = readIdentity(identity, payout)
      if (!('code' in refused)) throw new Error('it was taken')
      expect(refused.detail.length).toBeGreaterThan(10)
      expect(refused.detail.length).toBeLessThan(600)
    },
  )
})

describe('a pool that takes names', () => {
  const payout = {
    mode: 'shared',
    network: 'regtest',
    poolScript: SCRIPT,
    classes: [],
    takesNames: true,
  } as const

  test.each(['bob', '4ever', 'a_b-c', 'x'.repeat(24)])('takes %s as an account', (name) => {
    expect(readIdentity(`${name}.rig`, payout)).toEqual({
      user: name,
      worker: 'rig',
      script: SCRIPT,
      key: name,
    })
    expect(readIdentity(name, { ...payout, takesNames: false })).toMatchObject({
      code: 'invalid-user-identity',
    })
  })

  test('still takes addresses, and refuses a misspelled one', () => {
    expect(readIdentity(ADDRESS, payout)).toMatchObject({
      user: ADDRESS,
      key: hex(addressToScript(ADDRESS, 'regtest')),
    })
    expect(readIdentity(`${ADDRESS.slice(0, -1)}8`, payout)).toMatchObject({ code: 'invalid-user-identity' })
  })

  test.each(['', 'b', 'Bob', 'bob smith', '_x', '<b>', 'x'.repeat(25)])('refuses %j', (name) => {
    expect(readIdentity(name, payout)).toMatchObject({ code: 'invalid-user-identity' })
  })
})
