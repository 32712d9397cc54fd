import fc from 'fast-check'
import { expect, test } from 'vitest'
import { AddressError, addressToScript, scriptToAddress, witnessProgram } from './address.ts'
import { hex, unhex } from './bytes.ts'
import type { Network } from './network.ts'

// From BIP 173, BIP 350, BIP 341 and Bitcoin Core's key_io_valid.json.
const KNOWN: readonly (readonly [string, Network, string])[] = [
  ['1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa', 'mainnet', '76a91462e907b15cbf27d5425399ebf6f0fb50ebb88f1888ac'],
  ['3P14159f73E4gFr7JterCCQh9QjiTjiZrG', 'mainnet', 'a914e9c3dd0c07aac76179ebc76a6c78d4d67c6c160a87'],
  ['bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4', 'mainnet', '0014751e76e8199196d454941c45d1b3a323f1433bd6'],
  [
    'tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sl5k7',
    'signet',
    '00201863143c14c5166804bd19203356da136c985678cd4d27a1b8c6329604903262',
  ],
  [
    'bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0',
    'mainnet',
    '512079be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798',
  ],
  ['BC1SW50QGDZ25J', 'mainnet', '6002751e'],
  ['bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs', 'mainnet', '5210751e76e8199196d454941c45d1b3a323'],
]

test.each(KNOWN)('%s on %s pays its script', (address, network, script) => {
  expect(hex(addressToScript(address, network))).toBe(script)
  expect(scriptToAddress(unhex(script), network)?.toLowerCase()).toBe(address.toLowerCase())
})

test('a bech32 address in capitals, as in a QR code, pays the same script', () => {
  const address = 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4'
  expect(addressToScript(address.toUpperCase(), 'mainnet')).toEqual(addressToScript(address, 'mainnet'))
})

test.each([
  ['empty', ''],
  ['no address', 'worker1'],
  ['a typo', 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5'],
  ['mixed case', 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8F3T4'],
  ['a base58 typo', '1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb'],
  ['version 0 with the later checksum', 'bc1q0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd'],
  ['version 1 with the early checksum', 'bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd'],
])('%s is invalid', (_, address) => {
  expect(() => addressToScript(address, 'mainnet')).toThrow(
    expect.objectContaining({ code: 'invalid', networks: [] }),
  )
})

test('an address of another network names that network', () => {
  const wrong = (address: string, network: Network) => {
    try {
      addressToScript(address, network)
    } catch (error) {
      return error
    }
  }
  const mainnet = wrong('bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4', 'regtest')
  expect(mainnet).toBeInstanceOf(AddressError)
  expect(mainnet).toMatchObject({
    code: 'wrong-network',
    networks: ['mainnet'],
    message:
      'address bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4 belongs to mainnet, this pool runs on regtest',
  })
  const test3 = 'tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sl5k7'
  expect(wrong(test3, 'mainnet')).toMatchObject({ networks: ['testnet', 'testnet4', 'signet'] })
  expect(wrong('mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn', 'mainnet')).toMatchObject({
    networks: ['testnet', 'testnet4', 'signet', 'regtest'],
  })
})

test('any program of 2 to 40 bytes of a later version has an address that pays it', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 16 }),
      fc.uint8Array({ minLength: 2, maxLength: 40 }),
      (version, data) => {
        const script = Uint8Array.of(0x50 + version, data.length, ...data)
        expect(addressToScript(scriptToAddress(script, 'regtest')!, 'regtest')).toEqual(script)
        expect(witnessProgram(script)).toEqual({ version, data })
      },
    ),
  )
})

test('a taproot address whose key is no point of the curve is refused, for nobody could spend it', () => {
  const address = scriptToAddress(unhex(`5120${'00'.repeat(32)}`), 'mainnet')!
  expect(() => addressToScript(address, 'mainnet')).toThrow(expect.objectContaining({ code: 'invalid' }))
})

test('a script without address form has none', () => {
  expect(scriptToAddress(unhex('51'), 'regtest')).toBeUndefined()
  expect(scriptToAddress(unhex('6a24aa21a9ed'), 'regtest')).toBeUndefined()
})
