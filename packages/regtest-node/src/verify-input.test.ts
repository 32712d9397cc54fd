import { schnorr } from '@noble/curves/secp256k1.js'
import { Transaction as SignerTransaction } from '@scure/btc-signer'
import { taprootTweakPrivKey } from '@scure/btc-signer/utils.js'
import { concatBytes, parseTransaction, type Transaction, type TxInput, unhex } from '@sv2/bitcoin'
import { describe, expect, test } from 'vitest'
import { loadTransaction } from './loaded-transaction.ts'
import { signTransaction } from './sign-transaction.ts'
import { verifyInputs } from './verify-input.ts'
import { walletKeys } from './wallet-keys.ts'

const [witnessKey, taprootKey] = walletKeys('verify', 2)
const coinOf = (script: Uint8Array) => ({ value: 100_000n, script, height: 1, coinbase: false })

function spendOf(owner: NonNullable<typeof witnessKey>) {
  const coin = coinOf(owner.script)
  const key = `${'22'.repeat(32)}:0`
  return { coin, loaded: signTransaction([{ key, coin, owner }], [{ value: 90_000n, script: owner.script }]) }
}

const withInput = (tx: Transaction, change: Partial<TxInput>) =>
  loadTransaction({ ...tx, inputs: [{ ...tx.inputs[0]!, ...change }] })

describe.each([
  ['P2WPKH', witnessKey!],
  ['P2TR', taprootKey!],
])('%s', (_, owner) => {
  const { coin, loaded } = spendOf(owner)
  const { witness } = loaded.tx.inputs[0]!

  test('a good signature opens its coin', () => {
    expect(verifyInputs(loaded, [coin])).toBeUndefined()
  })

  test('a signature for another amount does not', () => {
    expect(verifyInputs(loaded, [{ ...coin, value: 100_001n }])).toBeDefined()
  })

  test.each([
    ['no witness', []],
    ['an empty signature', [new Uint8Array(0), ...witness.slice(1)]],
    ['a signature of zeros', [new Uint8Array(64), ...witness.slice(1)]],
    ['one item too many', [...witness, Uint8Array.of(1)]],
  ])('%s does not', (_name, stack) => {
    expect(verifyInputs(withInput(loaded.tx, { witness: stack }), [coin])).toBeDefined()
  })

  test('a scriptSig spoils it', () => {
    expect(verifyInputs(withInput(loaded.tx, { scriptSig: Uint8Array.of(0x51) }), [coin])).toBeDefined()
  })
})

test('another key does not open a P2WPKH coin', () => {
  const { loaded } = spendOf(witnessKey!)
  expect(verifyInputs(loaded, [coinOf(unhex(`0014${'11'.repeat(20)}`))])).toContain('hash mismatch')
})

test('a taproot signature may choose what it signs and may commit to an annex', () => {
  const { coin, loaded } = spendOf(taprootKey!)
  const annex = unhex('5001020304')
  const parsed = SignerTransaction.fromRaw(loaded.bytes, { disableScriptCheck: true })
  const hashType = 0x83
  const message = parsed.preimageWitnessV1(
    0,
    [coin.script],
    hashType,
    [coin.value],
    undefined,
    undefined,
    undefined,
    annex,
  )
  const signature = schnorr.sign(message, taprootTweakPrivKey(taprootKey!.privateKey))
  const witness = [concatBytes(signature, Uint8Array.of(hashType)), annex]
  expect(verifyInputs(withInput(loaded.tx, { witness }), [coin])).toBeUndefined()
  expect(verifyInputs(withInput(loaded.tx, { witness: witness.slice(0, 1) }), [coin])).toBeDefined()
})

test.each([
  ['OP_TRUE', '51', true],
  ['pay to anchor', '51024e73', true],
  ['P2PKH', `76a914${'11'.repeat(20)}88ac`, false],
  ['P2WSH', `0020${'11'.repeat(32)}`, false],
])('%s with nothing to unlock it', (_, script, opens) => {
  const bare = parseTransaction(
    unhex(`0200000001${'77'.repeat(32)}0000000000ffffffff01e80300000000000001ac00000000`),
  )
  expect(verifyInputs(loadTransaction(bare), [coinOf(unhex(script))]) === undefined).toBe(opens)
})
