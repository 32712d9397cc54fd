import { BlockList, isIP } from 'node:net'

/** What one address may do. */
export interface IpBudgetSettings {
  /** Open connections of one address. */
  readonly maxConnectionsPerIp: number
  /** New connections of one address in a minute. */
  readonly connectionsPerMinutePerIp: number
  /** Addresses or networks (`10.0.0.0/8`) without these limits. */
  readonly allowList: readonly string[]
}

/** Addresses without a connection that are remembered; the longest silent ones are forgotten first. */
const MAX_IDLE_ADDRESSES = 65_536

interface Entry {
  open: number
  /** Connections that may be made now; refills over time. */
  tokens: number
  refilledAt: number
}

/** Counts connections by address: how many are open, and how fast new ones come. */
export class IpBudget {
  readonly #settings: IpBudgetSettings
  readonly #allowed: BlockList
  /** Addresses with connections; a door's own limit bounds their number. */
  readonly #open = new Map<string, Entry>()
  /** Addresses without, in the order in which they were last seen. */
  readonly #idle = new Map<string, Entry>()

  /** @throws {RangeError} for an entry of the allow list that is not an address or network */
  constructor(settings: IpBudgetSettings) {
    this.#settings = settings
    this.#allowed = new BlockList()
    for (const entry of settings.allowList) addTo(this.#allowed, entry)
  }

  /** Addresses that are remembered now. */
  get size(): number {
    return this.#open.size + this.#idle.size
  }

  /** Takes a connection in, or says why not. `now` in ms. */
  admit(address: string, now: number): 'admitted' | 'too many connections' | 'connects too often' {
    if (this.#isAllowed(address)) return 'admitted'
    const perMinute = this.#settings.connectionsPerMinutePerIp
    const key = budgetKey(address)
    const entry = this.#take(key) ?? { open: 0, tokens: perMinute, refilledAt: now }
    entry.tokens = Math.min(perMinute, entry.tokens + ((now - entry.refilledAt) * perMinute) / 60_000)
    entry.refilledAt = now
    const full = entry.open >= this.#settings.maxConnectionsPerIp
    const admitted = !full && entry.tokens >= 1
    if (admitted) {
      entry.tokens--
      entry.open++
    }
    this.#put(key, entry)
    if (admitted) return 'admitted'
    return full ? 'too many connections' : 'connects too often'
  }

  /** Whose limits an address counts against: its own, or that of its /64; undefined for one on the allow list. */
  holderOf(address: string): string | undefined {
    return this.#isAllowed(address) ? undefined : budgetKey(address)
  }

  /** An admitted connection has ended. */
  release(address: string): void {
    const key = budgetKey(address)
    const entry = this.#open.get(key)
    if (entry === undefined) return
    entry.open--
    this.#open.delete(key)
    this.#put(key, entry)
  }

  #isAllowed(address: string): boolean {
    const mapped = budgetKey(address)
    if (isIP(mapped) === 4) return this.#allowed.check(mapped, 'ipv4')
    return this.#allowed.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
  }

  #take(address: string): Entry | undefined {
    const entry = this.#open.get(address) ?? this.#idle.get(address)
    this.#idle.delete(address)
    return entry
  }

  #put(address: string, entry: Entry): void {
    if (entry.open > 0) {
      this.#open.set(address, entry)
      return
    }
    this.#idle.set(address, entry)
    if (this.#idle.size <= MAX_IDLE_ADDRESSES) return
    for (const [longestSilent] of this.#idle) {
      this.#idle.delete(longestSilent)
      return
    }
  }
}

/** Whether a text is an address or a network in CIDR form. */
export function isNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/')
  const family = isIP(address)
  if (family === 0 || rest.length > 0) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 6 ? 128 : 32))
}

/** Whose budget an address draws on: an IPv6 host has a whole /64 to itself, so that counts as one. */
function budgetKey(address: string): string {
  if (isIP(address) !== 6) return address
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)
  if (mapped !== null) return mapped[1]!
  const [head = '', tail] = address.split('%', 1)[0]!.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const gap = tail === undefined ? [] : Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0')
  return `${[...left, ...gap, ...right]
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`
}

function addTo(list: BlockList, text: string): void {
  if (!isNetwork(text)) throw new RangeError(`${JSON.stringify(text)} is neither an address nor a network`)
  const [address = '', bits] = text.split('/')
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
  if (bits === undefined) list.addAddress(address, family)
  else list.addSubnet(address, Number(bits), family)
}
