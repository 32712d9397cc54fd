import {
  AddressError,
  addressToScript,
  hex,
  type Network,
  scriptToAddress,
  unhex,
  verifyMessage,
} from '@sv2/bitcoin'
import { payoutMessage } from '@sv2/roles/ledger'
import { isAccountName } from '@sv2/roles/pool'
import { ApiRefusal } from '../api/refusal.ts'
import type { SetAddress, SignedAddress } from '../api/sources.ts'
import type { LedgerClient } from './ledger-client.ts'
import { untilOnDisk } from './on-disk.ts'
import type { PoolJournal } from './pool-journal.ts'

/** How far the time that was signed may be off, ms: an old message is not a wish of today. */
const SIGNED_WITHIN_MS = 86_400_000
/** Names that may have an address: anybody with a key may sign for any name, and each takes room in the journal. */
const MOST_ADDRESSES = 100_000

/** What addresses are set with. */
export interface AccountAddressesDeps {
  readonly ledger: Pick<LedgerClient, 'ask'>
  readonly journal: Pick<PoolJournal, 'append'>
  readonly network: Network
  /** Unix ms. */
  readonly now: () => number
}

/**
 * Sets the address that an account is paid to which is known by its name. The address proves by a signature that it wants
 * that; an address that was set before has to sign as well. Answers when it is on disk.
 * @throws {ApiRefusal} in words for the owner of the account
 */
export async function setAccountAddress(
  { name, address, signedAt, signatures }: SignedAddress,
  { ledger, journal, network, now }: AccountAddressesDeps,
): Promise<SetAddress> {
  if (!isAccountName(name)) throw new ApiRefusal(400, `${JSON.stringify(name)} is not the name of an account`)
  const script = scriptOf(address, network)
  if (Math.abs(signedAt - now()) > SIGNED_WITHIN_MS)
    throw new ApiRefusal(400, 'signed_at is more than a day off')
  const ask = () => ledger.ask({ kind: 'address', name })
  const known = await ask()
  if (known.script !== null && known.signedAt >= signedAt)
    throw new ApiRefusal(409, `the address in force was signed later, at ${known.signedAt}`)
  if (known.script === null && known.addresses >= MOST_ADDRESSES)
    throw new ApiRefusal(503, `${MOST_ADDRESSES} names have an address: there is no room for another`)
  const message = payoutMessage(name, address, signedAt)
  check(message, { script, address }, signatures[0])
  if (known.script !== null && known.script !== hex(script)) {
    const before = unhex(known.script)
    check(
      message,
      { script: before, address: scriptToAddress(before, network) ?? known.script },
      signatures[1],
    )
  }
  const time = Math.floor(now())
  journal.append({ kind: 'address', time, name, script, signedAt, signatures })
  await untilOnDisk(async () => (await ask()).signedAt >= signedAt)
  return { account: name, address, signed_at: signedAt }
}

function check(
  message: string,
  { script, address }: { readonly script: Uint8Array; readonly address: string },
  signature: string | undefined,
): void {
  if (signature === undefined) throw new ApiRefusal(403, `${address} has to sign as well: ${message}`)
  const verdict = verifyMessage(message, script, signature)
  if (verdict === 'signed') return
  throw new ApiRefusal(
    403,
    verdict === 'not signed'
      ? `it is not a signature of ${address} (BIP 322 simple, or legacy for an address that begins with 1, m or n) of: ${message}`
      : `signatures of ${address} cannot be checked: use an address of one key (P2WPKH, P2TR or P2PKH)`,
  )
}

function scriptOf(address: string, network: Network): Uint8Array {
  try {
    return addressToScript(address, network)
  } catch (error) {
    if (!(error instanceof AddressError)) throw error
    throw new ApiRefusal(400, error.message)
  }
}
