import { describe, expect, test } from 'vitest'
import { hex, publicText, toHex } from './_fixtures.ts'
import { describeBackend } from './backend.conformance.ts'
import { nobleBackend } from './noble-backend.ts'

describeBackend('noble', nobleBackend)

describe('published vectors', () => {
  const bip340 = publicText('bip340.csv')
  test.skipIf(bip340 === undefined)(
    `every BIP 340 vector${bip340 === undefined ? ' (skipped: shared vectors are not at hand)' : ''}`,
    () => {
      const rows = bip340!.split(/\r?\n/).filter((line) => /^\d/.test(line))
      expect(rows.length).toBe(13)
      for (const row of rows) {
        const [index, secret, publicKey, auxiliary, message, signature, result] = row
          .split(',')
          .map((cell) => cell.toLowerCase())
        const verified = nobleBackend.schnorrVerify(hex(signature!), hex(message!), hex(publicKey!))
        expect([index, verified]).toEqual([index, result === 'true'])
        if (secret === '') continue
        expect(toHex(nobleBackend.secp256k1XOnlyPublicKey(hex(secret!)))).toBe(publicKey)
        expect(toHex(nobleBackend.schnorrSign(hex(message!), hex(secret!), hex(auxiliary!)))).toBe(signature)
      }
    },
  )
})
