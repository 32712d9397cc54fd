import { BlockList, isIP } from 'node:net'
import { z } from 'zod'

/** The schema of a name or an address, and nothing besides: a scheme or a port in it would be looked up as part of the name. */
export function hostSchema(): z.ZodString {
  return z
    .string()
    .min(1)
    .refine(
      isHost,
      'must be a name or an address alone: no scheme, no path, and the port in a key of its own',
    )
}

function isHost(text: string): boolean {
  return isIP(text) !== 0 || /^[^\s:/\\@[\]]+$/.test(text)
}

const LOCAL = new BlockList()
for (const [network, bits] of [
  ['127.0.0.0', 8],
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['169.254.0.0', 16],
  ['100.64.0.0', 10],
] as const)
  LOCAL.addSubnet(network, bits, 'ipv4')
LOCAL.addAddress('::1', 'ipv6')
for (const [network, bits] of [
  ['fc00::', 7],
  ['fe80::', 10],
] as const)
  LOCAL.addSubnet(network, bits, 'ipv6')

/** Names of networks at home: RFC 6762, RFC 8375, and what ICANN has set aside for private use. */
const LOCAL_NAME = /(^|\.)(localhost|local|lan|home|internal|home\.arpa|test)$/i

/** Whether a host is reached over a network that others share; of a name with dots that is believed. */
export function isPublic(host: string): boolean {
  const family = isIP(host)
  if (family !== 0) return !LOCAL.check(host, family === 6 ? 'ipv6' : 'ipv4')
  return host.includes('.') && !LOCAL_NAME.test(host)
}
