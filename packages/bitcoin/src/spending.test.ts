import { p2pkh, p2tr, p2wpkh, Transaction } from '@scure/btc-signer'
import { pubECDSA, pubSchnorr } from '@scure/btc-signer/utils.js'
import { describe, expect, test } from 'vitest'
import { equalBytes } from './bytes.ts'
import { signedVsize, unsignedPsbt } from './spending.ts'
import { parseTransaction, txid } from './transaction.ts'

const KEY = new Uint8Array(32).fill(7)
const PAID = [
  { value: 90_000n, script: p2wpkh(pubECDSA(new Uint8Array(32).fill(8))).script },
  { value: 5_000n, script: p2tr(pubSchnorr(new Uint8Array(32).fill(9))).script },
]

/** A transaction with one output to be spent. */
function unsigned(script: Uint8Array): Uint8Array {
  const made = new Transaction({ allowUnknownInputs: true, allowUnknownOutputs: true })
  made.addInput({ txid: new Uint8Array(32).fill(1), index: 0 })
  made.addOutput({ script, amount: 100_000n })
  return made.unsignedTx
}

describe.each([
  ['P2WPKH', p2wpkh(pubECDSA(KEY)).script, false],
  ['P2PKH', p2pkh(pubECDSA(KEY)).script, true],
])('an output of %s', (_, script, isOld) => {
  const from = unsigned(script)
  const spent = {
    txid: txid(parseTransaction(from)),
    vout: 0,
    value: 100_000n,
    script,
    previous: isOld ? from : undefined,
  }

  test('is spent by a PSBT that a signer signs, and pays what was said', () => {
    const signer = Transaction.fromPSBT(unsignedPsbt([spent], PAID))
    signer.sign(KEY)
    signer.finalize()
    const made = parseTransaction(signer.extract())
    expect(made.outputs).toEqual(PAID)
    expect(equalBytes(made.inputs[0]!.prevTxid, spent.txid)).toBe(true)
    // a signature is one or two bytes shorter at times; a transaction without a witness has no marker either
    expect(signedVsize([spent], PAID) - signer.vsize).toBeGreaterThanOrEqual(0)
    expect(signedVsize([spent], PAID) - signer.vsize).toBeLessThan(6)
  })

  test('does not leave a key in the PSBT', () => {
    expect(Buffer.from(unsignedPsbt([spent], PAID)).includes(Buffer.from(KEY))).toBe(false)
  })
})
