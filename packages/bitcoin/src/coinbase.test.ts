import { expect, test } from 'vitest'
import { blocksFile, describeVectors, jobsFile } from './_fixtures.ts'
import { concatBytes, displayHash, hex, unhex } from './bytes.ts'
import {
  addCoinbaseWitness,
  buildCoinbase,
  type CoinbaseParts,
  coinbaseTxid,
  coinbaseWeight,
  coinbaseWithWitness,
  stripCoinbaseWitness,
} from './coinbase.ts'
import { merkleRootFromPath } from './merkle.ts'
import { parseTransaction, stripWitness, transactionWeight, txid } from './transaction.ts'

const ascii = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0))

describeVectors('published coinbases', () => {
  const extended = jobsFile.jobs.filter((job) => job.expected.coinbase_tx_prefix !== undefined)
  test.each(extended)('job $id is cut as the reference cuts it', (job) => {
    const { template } = job
    const tag = ascii(job.scriptsig_tag_ascii!)
    const split = buildCoinbase({
      version: template.coinbase_tx_version,
      scriptSigPrefix: concatBytes(
        unhex(template.coinbase_prefix),
        Uint8Array.of(tag.length),
        tag,
        Uint8Array.of(job.full_extranonce_bytes),
      ),
      extranonceSize: job.full_extranonce_bytes,
      sequence: template.coinbase_tx_input_sequence,
      outputs: job.coinbase_reward_outputs.map((output) => ({
        value: BigInt(output.value_sats),
        script: unhex(output.script_pubkey),
      })),
      rawOutputs: { count: template.coinbase_tx_outputs_count, bytes: unhex(template.coinbase_tx_outputs) },
      locktime: template.coinbase_tx_locktime,
    })
    expect(hex(split.prefix)).toBe(job.expected.coinbase_tx_prefix)
    expect(hex(split.suffix)).toBe(job.expected.coinbase_tx_suffix)
  })

  const shares = jobsFile.shares.filter((share) => share.coinbase_tx_prefix !== undefined)
  test.each(shares)('share $id: prefix, extranonce, suffix and path give its merkle root', (share) => {
    const extranonce = unhex(share.extranonce_prefix + (share.share.extranonce ?? ''))
    const id = coinbaseTxid(unhex(share.coinbase_tx_prefix!), extranonce, unhex(share.coinbase_tx_suffix!))
    expect(hex(merkleRootFromPath(id, share.merkle_path!.map(unhex)))).toBe(share.merkle_root)
  })

  const cuts = jobsFile.bip141.filter((vector) => vector.prefix !== undefined)
  test.each(cuts)('cut $id loses its witness and keeps its txid', (vector) => {
    const size = vector.full_extranonce_bytes!
    const stripped = stripCoinbaseWitness(unhex(vector.prefix!), unhex(vector.suffix!), size)
    expect(hex(stripped.prefix)).toBe(vector.stripped_prefix ?? vector.prefix)
    expect(hex(stripped.suffix)).toBe(vector.stripped_suffix ?? vector.suffix)
    const id = coinbaseTxid(stripped.prefix, new Uint8Array(size), stripped.suffix)
    expect(displayHash(id)).toBe(vector.txid_with_zero_extranonce)
  })

  const whole = jobsFile.bip141.filter((vector) => vector.coinbase_tx !== undefined)
  test.each(whole)('transaction $id loses its witness and keeps its txid', (vector) => {
    expect(hex(stripWitness(unhex(vector.coinbase_tx!)))).toBe(vector.stripped_tx)
    expect(displayHash(txid(parseTransaction(unhex(vector.coinbase_tx!))))).toBe(vector.txid)
  })

  const segwit = blocksFile.blocks.filter((block) => block.coinbase_tx_stripped !== undefined)
  test.each(segwit)('block $id: the stripped coinbase regains the witness it was published with', (block) => {
    const stripped = unhex(block.coinbase_tx_stripped!)
    const full = coinbaseWithWitness(
      stripped.subarray(0, 45),
      stripped.subarray(45, 50),
      stripped.subarray(50),
    )
    expect(hex(full)).toBe(block.coinbase_tx)
    expect(hex(stripWitness(full))).toBe(block.coinbase_tx_stripped)
    expect(coinbaseWeight(stripped.length)).toBe(transactionWeight(parseTransaction(full)))
    expect(displayHash(coinbaseTxid(stripped, new Uint8Array(0), new Uint8Array(0)))).toBe(
      block.coinbase_txid,
    )
  })
})

const parts: CoinbaseParts = {
  version: 2,
  scriptSigPrefix: unhex('03aabbcc'),
  extranonceSize: 12,
  sequence: 0xfffffffe,
  outputs: [{ value: 5_000_000_000n, script: unhex(`0014${'ab'.repeat(20)}`) }],
  locktime: 7,
}

test('a built coinbase parses into what went in', () => {
  const { prefix, suffix } = buildCoinbase({ ...parts, scriptSigSuffix: unhex('cdef') })
  const extranonce = new Uint8Array(12).fill(9)
  const tx = parseTransaction(coinbaseWithWitness(prefix, extranonce, suffix))
  expect(tx.inputs).toHaveLength(1)
  expect(hex(tx.inputs[0]!.scriptSig)).toBe(`03aabbcc${'09'.repeat(12)}cdef`)
  expect(tx.inputs[0]!.sequence).toBe(0xfffffffe)
  expect(tx.inputs[0]!.witness).toEqual([new Uint8Array(32)])
  expect(tx.outputs).toEqual(parts.outputs)
  expect(tx.locktime).toBe(7)
  expect(txid(tx)).toEqual(coinbaseTxid(prefix, extranonce, suffix))
})

test('the scriptSig has 2 to 100 bytes, extranonce included', () => {
  expect(buildCoinbase({ ...parts, extranonceSize: 96 }).prefix[41]).toBe(100)
  expect(() => buildCoinbase({ ...parts, extranonceSize: 97 })).toThrow(RangeError)
  expect(() => buildCoinbase({ ...parts, scriptSigPrefix: Uint8Array.of(0x51), extranonceSize: 0 })).toThrow(
    RangeError,
  )
})

test('adding and taking the witness are inverse', () => {
  const split = buildCoinbase(parts)
  const full = addCoinbaseWitness(split.prefix, split.suffix)
  expect(stripCoinbaseWitness(full.prefix, full.suffix, 12)).toEqual(split)
})

test('a cut whose extranonce would lie outside the scriptSig is refused', () => {
  const { prefix, suffix } = buildCoinbase(parts)
  const whole = concatBytes(prefix, new Uint8Array(12), suffix)
  const malformed = expect.objectContaining({ code: 'malformed' })
  const inOutputScript = whole.length - 10
  expect(() =>
    stripCoinbaseWitness(whole.slice(0, inOutputScript), whole.slice(inOutputScript + 4), 4),
  ).toThrow(malformed)
  expect(() => stripCoinbaseWitness(whole.slice(0, 10), whole.slice(14), 4)).toThrow(malformed)
})

test('a cut that is no transaction is refused', () => {
  const { prefix, suffix } = buildCoinbase(parts)
  expect(() => stripCoinbaseWitness(prefix, suffix, 11)).toThrow(
    expect.objectContaining({ name: 'BitcoinError' }),
  )
  expect(() => stripCoinbaseWitness(prefix, suffix.slice(0, -1), 12)).toThrow(
    expect.objectContaining({ code: 'truncated' }),
  )
})
