import { expect, test } from 'vitest'
import { blocksFile, describeVectors } from './_fixtures.ts'
import { equalBytes, hex, unhex } from './bytes.ts'
import { sha256d } from './sha256d.ts'
import { parseTransaction } from './transaction.ts'
import {
  findWitnessCommitment,
  witnessCommitment,
  witnessCommitmentScript,
  witnessMerkleRoot,
} from './witness-commitment.ts'

describeVectors('real commitments', () => {
  const segwit = blocksFile.blocks.filter((block) => block.witness_commitment !== undefined)
  test.each(segwit)('block $id commits to its witness root', (block) => {
    const coinbase = parseTransaction(unhex(block.coinbase_tx!))
    const reserved = coinbase.inputs[0]!.witness[0]!
    expect(hex(reserved)).toBe(block.witness_reserved_value)
    const commitment = witnessCommitment(unhex(block.witness_root!), reserved)
    expect(hex(commitment)).toBe(block.witness_commitment)
    expect(hex(findWitnessCommitment(coinbase.outputs)!)).toBe(block.witness_commitment)
    const script = witnessCommitmentScript(unhex(block.witness_root!))
    expect(coinbase.outputs.some((output) => equalBytes(output.script, script))).toBe(true)
  })
})

test('a block of the coinbase alone has a witness root of zeros', () => {
  expect(witnessMerkleRoot([])).toEqual(new Uint8Array(32))
  const leaf = sha256d(Uint8Array.of(1))
  expect(witnessMerkleRoot([leaf])).toEqual(sha256d(Uint8Array.of(...new Uint8Array(32), ...leaf)))
})

test('of several commitments the last one counts, and longer scripts still commit', () => {
  const output = (n: number, extra = '') => ({
    value: 0n,
    script: unhex(`6a24aa21a9ed${hex(new Uint8Array(32).fill(n))}${extra}`),
  })
  expect(findWitnessCommitment([output(1), output(2, '51'), { value: 1n, script: unhex('51') }])).toEqual(
    new Uint8Array(32).fill(2),
  )
  expect(findWitnessCommitment([{ value: 0n, script: unhex('6a24aa21a9ed') }])).toBeUndefined()
})
