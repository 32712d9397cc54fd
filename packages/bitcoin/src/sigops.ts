import type { Transaction } from './transaction.ts'

const OP_PUSHDATA1 = 0x4c
const OP_PUSHDATA4 = 0x4e
const OP_CHECKSIG = 0xac
const OP_CHECKSIGVERIFY = 0xad
const OP_CHECKMULTISIG = 0xae
const OP_CHECKMULTISIGVERIFY = 0xaf

/** Signature operations in a script by the old, inexact count: every CHECKMULTISIG counts as 20. Stops where a push is cut off. */
export function countScriptSigops(script: Uint8Array): number {
  let count = 0
  for (let at = 0; at < script.length; ) {
    const opcode = script[at++]!
    if (opcode === OP_CHECKSIG || opcode === OP_CHECKSIGVERIFY) count += 1
    if (opcode === OP_CHECKMULTISIG || opcode === OP_CHECKMULTISIGVERIFY) count += 20
    if (opcode < OP_PUSHDATA1) at += opcode
    else if (opcode <= OP_PUSHDATA4) {
      const lengthBytes = 1 << (opcode - OP_PUSHDATA1)
      if (at + lengthBytes > script.length) return count
      let length = 0
      for (let i = lengthBytes - 1; i >= 0; i--) length = length * 256 + script[at + i]!
      at += lengthBytes + length
    }
  }
  return count
}

/** Signature operations of a transaction that are counted without its coins: those in input and output scripts. */
export function countLegacySigops(tx: Transaction): number {
  let count = 0
  for (const input of tx.inputs) count += countScriptSigops(input.scriptSig)
  for (const output of tx.outputs) count += countScriptSigops(output.script)
  return count
}
