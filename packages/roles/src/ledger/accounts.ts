import { hex } from '@sv2/bitcoin'
import type { AccountRecord, AddressRecord, WorkerRecord } from '@sv2/journal'
import type { AccountsSnapshot, NamedAddress } from './ledger-snapshot.ts'
import type { AccountKey } from './split-exactly.ts'

/** Names of accounts and workers, by the numbers that each node gave them. */
export class Accounts {
  readonly #keys = new Map<number, AccountKey[]>()
  readonly #workers = new Map<number, string[]>()
  readonly #names: Map<AccountKey, string>
  /** Of accounts that are known by their name, by the key they have without. */
  readonly #addresses: Map<AccountKey, NamedAddress>

  constructor(snapshot?: AccountsSnapshot) {
    this.#names = new Map(snapshot?.names)
    this.#addresses = new Map(snapshot?.addresses)
    for (const [node, keys] of snapshot?.keys ?? []) putAll(listOf(this.#keys, node), keys)
    for (const [node, names] of snapshot?.workers ?? []) putAll(listOf(this.#workers, node), names)
  }

  get snapshot(): AccountsSnapshot {
    return {
      names: [...this.#names],
      addresses: [...this.#addresses],
      keys: [...this.#keys].map(([node, keys]) => [node, numbered(keys)]),
      workers: [...this.#workers].map(([node, names]) => [node, numbered(names)]),
    }
  }

  /** A node gave an account its number. */
  name(node: number, { account, name, script }: AccountRecord): void {
    const key = script.length === 0 ? keyOfName(name) : hex(script)
    listOf(this.#keys, node)[account] = key
    if (!this.#addresses.has(key)) this.#names.set(key, name)
  }

  /**
   * An account that is known by its name has an address from now on: it is the account of that address.
   * @param address of the script
   * @returns the key that it had; undefined when it was signed before the one in force, which stays
   */
  setAddress({ name, script, signedAt }: AddressRecord, address: string): AccountKey | undefined {
    const key = keyOfName(name)
    const before = this.#addresses.get(key)
    if (before !== undefined && before.signedAt >= signedAt) return undefined
    this.#addresses.set(key, { account: hex(script), signedAt })
    this.#names.delete(key)
    if (!this.#names.has(hex(script))) this.#names.set(hex(script), address)
    return key
  }

  /** Where a name is paid, and when that was signed; undefined while it has no address. */
  addressOf(name: string): NamedAddress | undefined {
    return this.#addresses.get(keyOfName(name))
  }

  /** Keys that an account had while it was known by a name alone. */
  formerKeys(account: AccountKey): readonly AccountKey[] {
    return [...this.#addresses].flatMap(([key, address]) => (address.account === account ? [key] : []))
  }

  /** Names that have an address. */
  get addresses(): number {
    return this.#addresses.size
  }

  nameWorker(node: number, { worker, name }: WorkerRecord): void {
    listOf(this.#workers, node)[worker] = name
  }

  /** @throws {RangeError} when the node never named it: then its journal is broken */
  key(node: number, account: number): AccountKey {
    const key = this.#keys.get(node)?.[account]
    if (key === undefined) throw new RangeError(`account ${account} of node ${node} has no name`)
    return this.#addresses.get(key)?.account ?? key
  }

  /** The name of a worker; empty for a share without one. */
  worker(node: number, worker: number): string {
    return this.#workers.get(node)?.[worker] ?? ''
  }

  /** The name an account goes by, such as its address. */
  nameOf(key: AccountKey): string | undefined {
    return this.#names.get(key)
  }

  /** The account that goes by a name. */
  find(name: string): AccountKey | undefined {
    const known = this.#addresses.get(keyOfName(name))
    if (known !== undefined) return known.account
    for (const [key, known] of this.#names) if (known === name) return key
    return undefined
  }

  keys(): ReadonlySet<AccountKey> {
    return new Set(this.#names.keys())
  }

  get size(): number {
    return this.#names.size
  }
}

function listOf<T>(lists: Map<number, T[]>, node: number): T[] {
  const known = lists.get(node)
  if (known !== undefined) return known
  const list: T[] = []
  lists.set(node, list)
  return list
}

/** Numbers begin at 1, and some may be missing. */
function numbered<T>(list: readonly T[]): (readonly [number, T])[] {
  return [...list.entries()].filter(([, value]) => value !== undefined)
}

function putAll<T>(list: T[], values: readonly (readonly [number, T])[]): void {
  for (const [number, value] of values) list[number] = value
}

/** The key of an account while it has no address. */
function keyOfName(name: string): AccountKey {
  return `name:${name}`
}
