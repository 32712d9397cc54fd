import { hex } from '@sv2/bitcoin'
import type { AccountRecord, WorkerRecord } from '@sv2/journal'
import type { AccountsSnapshot } from './ledger-snapshot.ts'
import type { AccountKey } from './split-exactly.ts'

/** Names of accounts and workers, by the numbers that each node gave them. */
export class Accounts {
  readonly #keys = new Map<number, AccountKey[]>()
  readonly #workers = new Map<number, string[]>()
  readonly #names: Map<AccountKey, string>

  constructor(snapshot?: AccountsSnapshot) {
    this.#names = new Map(snapshot?.names)
    for (const [node, keys] of snapshot?.keys ?? []) putAll(listOf(this.#keys, node), keys)
    for (const [node, names] of snapshot?.workers ?? []) putAll(listOf(this.#workers, node), names)
  }

  get snapshot(): AccountsSnapshot {
    return {
      names: [...this.#names],
      keys: [...this.#keys].map(([node, keys]) => [node, numbered(keys)]),
      workers: [...this.#workers].map(([node, names]) => [node, numbered(names)]),
    }
  }

  /** A node gave an account its number. */
  name(node: number, { account, name, script }: AccountRecord): void {
    const key = script.length === 0 ? `name:${name}` : hex(script)
    listOf(this.#keys, node)[account] = key
    this.#names.set(key, name)
  }

  nameWorker(node: number, { worker, name }: WorkerRecord): void {
    listOf(this.#workers, node)[worker] = name
  }

  /** @throws {RangeError} when the node never named it: then its journal is broken */
  key(node: number, account: number): AccountKey {
    const key = this.#keys.get(node)?.[account]
    if (key === undefined) throw new RangeError(`account ${account} of node ${node} has no name`)
    return key
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
