import { decodeAuthorityKey, encodeAuthorityKey } from './authority-key.ts'
import type { Edition } from './edition.ts'
import { NoiseError } from './errors.ts'

/** What `stratum2+tcp://host[:port]/KEY` says (docs/wire.md §1.2). */
export interface PoolUrl {
  /** Name or address; an IPv6 address without its brackets. */
  readonly host: string
  /** Undefined when the URL has none: neither edition defines a default. */
  readonly port: number | undefined
  /** 32 bytes. */
  readonly authorityKey: Uint8Array
  /** Told by the spelling of the key. */
  readonly edition: Edition
}

const FORM = /^stratum2\+tcp:\/\/(?:\[([0-9a-f:.]+)\]|([^\s/:[\]?#@]+))(?::(\d{1,5}))?\/([^\s/?#]+)\/?$/i

/**
 * Reads a pool's URL.
 * @throws {NoiseError} pool-url · authority-key-checksum · authority-key-length · authority-key-version
 */
export function parsePoolUrl(text: string): PoolUrl {
  const match = FORM.exec(text)
  if (match === null) {
    throw new NoiseError('pool-url', 'expected stratum2+tcp://host[:port]/authority-key')
  }
  const [, ipv6, name, portText, keyText] = match
  const port = portText === undefined ? undefined : Number(portText)
  if (port !== undefined && (port < 1 || port > 65535)) {
    throw new NoiseError('pool-url', `port ${port} is outside 1 to 65535`)
  }
  const { edition, key } = decodeAuthorityKey(keyText!)
  return { host: (ipv6 ?? name)!, port, authorityKey: key, edition }
}

/** Writes a pool's URL, as it is handed to miners. */
export function formatPoolUrl(url: PoolUrl): string {
  const host = url.host.includes(':') ? `[${url.host}]` : url.host
  const port = url.port === undefined ? '' : `:${url.port}`
  const key = encodeAuthorityKey({ edition: url.edition, key: url.authorityKey })
  return `stratum2+tcp://${host}${port}/${key}`
}
