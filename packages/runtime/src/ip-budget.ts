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

/** Addresses remembered; the longest silent ones go first. */
const MAX_ADDRESSES = 65_536

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
  readonly #entries = new Map<string, Entry>()

  /** @throws {RangeError} for an entry of the allow list that is no address or network */
  constructor(settings: IpBudgetSettings) {
    this.#settings = settings
    this.#allowed = new BlockList()
    for (const entry of settings.allowList) addTo(this.#allowed, entry)
  }

  /** Takes a connection in, or says why not. `now` in ms. */
  admit(address: string, now: number): 'admitted' | 'too many connections' | 'connects too often' {
    if (this.#allowed.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')) return 'admitted'
    const entry = this.#entry(address, now)
    const perMinute = this.#settings.connectionsPerMinutePerIp
    entry.tokens = Math.min(perMinute, entry.tokens + ((now - entry.refilledAt) * perMinute) / 60_000)
    entry.refilledAt = now
    if (entry.open >= this.#settings.maxConnectionsPerIp) return 'too many connections'
    if (entry.tokens < 1) return 'connects too often'
    entry.tokens--
    entry.open++
    return 'admitted'
  }

  /** An admitted connection has ended. */
  release(address: string): void {
    const entry = this.#entries.get(address)
    if (entry !== undefined && entry.open > 0) entry.open--
  }

  #entry(address: string, now: number): Entry {
    const known = this.#entries.get(address)
    if (known !== undefined) return known
    if (this.#entries.size >= MAX_ADDRESSES) {
      for (const [old, { open }] of this.#entries) {
        if (open > 0) continue
        this.#entries.delete(old)
        break
      }
    }
    const entry = { open: 0, tokens: this.#settings.connectionsPerMinutePerIp, refilledAt: now }
    this.#entries.set(address, entry)
    return entry
  }
}

/** Whether a text is an address or a network in CIDR form. */
export function isNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/')
  const family = isIP(address)
  if (family === 0 || rest.length > 0) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 6 ? 128 : 32))
}

function addTo(list: BlockList, text: string): void {
  if (!isNetwork(text)) throw new RangeError(`${JSON.stringify(text)} is neither an address nor a network`)
  const [address = '', bits] = text.split('/')
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
  if (bits === undefined) list.addAddress(address, family)
  else list.addSubnet(address, Number(bits), family)
}
