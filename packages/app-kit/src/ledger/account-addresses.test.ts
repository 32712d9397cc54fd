import { secp256k1 } from '@noble/curves/secp256k1.js'
import { p2pkh } from '@scure/btc-signer'
import { pubECDSA } from '@scure/btc-signer/utils.js'
import { concatBytes, hex, scriptToAddress, sha256d } from '@sv2/bitcoin'
import type { JournalRecord } from '@sv2/journal'
import { Ledger, payoutMessage } from '@sv2/roles/ledger'
import { expect, test } from 'vitest'
import { setAccountAddress } from './account-addresses.ts'
import type { Query } from './ledger-messages.ts'
import { type LedgerQuery, LedgerView } from './ledger-queries.ts'

const NOW = 1_800_000_000_000
const DAY = 86_400_000

/** A key with its P2PKH address, which signs in the legacy form. */
function aSigner(seed: number) {
  const key = new Uint8Array(32).fill(seed)
  const { script } = p2pkh(pubECDSA(key))
  const address = scriptToAddress(script, 'regtest')!
  return {
    script,
    address,
    sign(text: string): string {
      const magic = new TextEncoder().encode('\u0018Bitcoin Signed Message:\n')
      const message = new TextEncoder().encode(text)
      const digest = sha256d(concatBytes(magic, Uint8Array.of(message.length), message))
      const signature = secp256k1.sign(digest, key, { prehash: false, format: 'recovered' })
      const header = Uint8Array.of(31 + signature[0]!)
      return Buffer.from(concatBytes(header, signature.subarray(1))).toString('base64')
    },
  }
}
const [ALICE, BOB] = [aSigner(1), aSigner(2)]

/** A ledger that reads what is appended at once. */
function books() {
  const ledger = new Ledger({
    network: 'regtest',
    scheme: { scheme: 'fpps', feeBlocks: 0 },
    feePpm: 0n,
    poolScript: Uint8Array.of(0x51),
    dustLimit: 546,
    maxPayouts: 10,
    refreshMs: 1_000,
    confirmations: 6,
  })
  const records: JournalRecord[] = []
  const view = new LedgerView(ledger, 'regtest', () => undefined)
  const deps = {
    network: 'regtest' as const,
    ledger: { ask: async (query: Query) => view.answer(query as LedgerQuery) as never },
    journal: {
      append(record: JournalRecord) {
        ledger.handle({ node: 0, entry: { sequence: records.length, record } })
        records.push(record)
      },
    },
    now: () => NOW,
  }
  return { ledger, records, deps }
}

const signed = (signer: typeof ALICE, signedAt = NOW, previous?: typeof ALICE, name = 'rig-owner') => {
  const message = payoutMessage(name, signer.address, signedAt)
  const signatures = [signer.sign(message), ...(previous ? [previous.sign(message)] : [])]
  return { name, address: signer.address, signedAt, signatures }
}

test('an address that has signed is recorded with its signature', async () => {
  const { ledger, records, deps } = books()
  const request = signed(ALICE)
  expect(await setAccountAddress(request, deps)).toEqual({
    account: 'rig-owner',
    address: ALICE.address,
    signed_at: NOW,
  })
  expect(records).toEqual([
    {
      kind: 'address',
      time: NOW,
      name: 'rig-owner',
      script: ALICE.script,
      signedAt: NOW,
      signatures: request.signatures,
    },
  ])
  expect(ledger.accounts.addressOf('rig-owner')?.account).toBe(hex(ALICE.script))
})

test('another address takes the signature of the one before', async () => {
  const { records, deps } = books()
  await setAccountAddress(signed(ALICE), deps)
  await expect(setAccountAddress(signed(BOB, NOW + 1), deps)).rejects.toThrow(
    `${ALICE.address} has to sign as well`,
  )
  await expect(setAccountAddress(signed(BOB, NOW + 1, BOB), deps)).rejects.toThrow('not a signature')
  expect(records).toHaveLength(1)
  await setAccountAddress(signed(BOB, NOW + 1, ALICE), deps)
  expect(records).toHaveLength(2)
  // and an old message is worth nothing
  await expect(setAccountAddress(signed(ALICE, NOW), deps)).rejects.toThrow('was signed later')
})

test.each([
  ['the signature of another address', { ...signed(ALICE), address: BOB.address }, /not a signature of/],
  ['a signature for another account', { ...signed(ALICE), name: 'bob' }, /not a signature of/],
  ['a signature for another time', { ...signed(ALICE), signedAt: NOW - 1 }, /not a signature of/],
  ['a time of another day', signed(ALICE, NOW - DAY - 1), /more than a day off/],
  ['a time to come', signed(ALICE, NOW + DAY + 1), /more than a day off/],
  ['an address as the name', { ...signed(ALICE), name: ALICE.address }, /not the name of an account/],
  [
    'an address of another network',
    { ...signed(ALICE), address: '15CRxFdyRpGZLW9w8HnHvVduizdL5jKNbs' },
    /belongs to mainnet/,
  ],
  [
    'a script behind a hash',
    { ...signed(ALICE), address: 'bcrt1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qzf4jry' },
    /use an address of one key/,
  ],
])('%s is refused, and nothing is written', async (_, request, reason) => {
  const { records, deps } = books()
  await expect(setAccountAddress(request, deps)).rejects.toThrow(reason)
  expect(records).toEqual([])
})
