import { LONGEST_EXTRANONCE } from './decode-from-pool.ts'
import { byteCount } from './encode-to-miner.ts'
import { hex32, toHex } from './hex.ts'
import type { JsonValue } from './to-server.ts'
import { bitCountOf, bytesOf, countOf, textOf, uint32Of } from './values.ts'

/** What `mining.subscribe` grants. */
export interface SubscribeResult {
  /** The subscription id, to resume with. */
  readonly sessionId?: string
  /** At most 32 bytes. */
  readonly extranonce1: Uint8Array
  /** In bytes, 0..32. */
  readonly extranonce2Size: number
}

/**
 * What `mining.configure` grants. A server leaves out what was not asked for; asked and refused is `false`.
 */
export interface ConfigureResult {
  readonly versionRolling?: { readonly mask: number; readonly minBitCount?: number } | false
  readonly minimumDifficulty?: boolean
  readonly subscribeExtranonce?: boolean
  /** Unknown extensions: answered with `false` each. */
  readonly refused?: readonly string[]
}

/** The result of `mining.subscribe` as it is written. @throws {RangeError} for a size outside 0..32 */
export function subscribeResult({
  sessionId = '1',
  extranonce1,
  extranonce2Size,
}: SubscribeResult): JsonValue {
  byteCount(extranonce2Size)
  return [
    [
      ['mining.set_difficulty', sessionId],
      ['mining.notify', sessionId],
    ],
    toHex(extranonce1),
    extranonce2Size,
  ]
}

/** Reads a pool's result of `mining.subscribe`; undefined when it cannot be mined with. */
export function readSubscribeResult(result: unknown): SubscribeResult | undefined {
  if (!Array.isArray(result)) return undefined
  const extranonce1 = bytesOf(result[1], LONGEST_EXTRANONCE)
  const extranonce2Size = countOf(result[2], LONGEST_EXTRANONCE)
  if (extranonce1 === undefined || extranonce2Size === undefined) return undefined
  const sessionId = subscriptionId(result[0])
  return { ...(sessionId !== undefined && { sessionId }), extranonce1, extranonce2Size }
}

/** The id of the `mining.notify` subscription: in a list of pairs, or in the one pair some pools send. */
function subscriptionId(subscriptions: unknown): string | undefined {
  if (!Array.isArray(subscriptions)) return undefined
  if (subscriptions[0] === 'mining.notify') return textOf(subscriptions[1])
  const pair = subscriptions.find((entry) => Array.isArray(entry) && entry[0] === 'mining.notify')
  return pair === undefined ? undefined : textOf(pair[1])
}

/** The result of `mining.configure` as it is written (BIP 310). @throws {RangeError} for a mask above 32 bits */
export function configureResult(granted: ConfigureResult): JsonValue {
  const { versionRolling: rolling, minimumDifficulty, subscribeExtranonce, refused = [] } = granted
  return {
    ...Object.fromEntries(refused.map((name) => [name, false])),
    ...(rolling === false && { 'version-rolling': false }),
    ...(rolling && { 'version-rolling': true, 'version-rolling.mask': hex32(rolling.mask, 'version mask') }),
    ...(rolling &&
      rolling.minBitCount !== undefined && { 'version-rolling.min-bit-count': rolling.minBitCount }),
    ...(minimumDifficulty !== undefined && { 'minimum-difficulty': minimumDifficulty }),
    ...(subscribeExtranonce !== undefined && { 'subscribe-extranonce': subscribeExtranonce }),
  }
}

/**
 * Reads a pool's result of `mining.configure`; a result that is not an object grants nothing. A version-rolling grant
 * without a readable mask does not count.
 */
export function readConfigureResult(result: unknown): ConfigureResult {
  if (typeof result !== 'object' || result === null) return {}
  const given = result as Readonly<Record<string, unknown>>
  const mask = given['version-rolling'] === true ? uint32Of(given['version-rolling.mask']) : undefined
  const minBitCount = bitCountOf(given['version-rolling.min-bit-count'])
  return {
    ...('version-rolling' in given && {
      versionRolling: mask !== undefined && { mask, ...(minBitCount !== undefined && { minBitCount }) },
    }),
    ...('minimum-difficulty' in given && { minimumDifficulty: given['minimum-difficulty'] === true }),
    ...('subscribe-extranonce' in given && { subscribeExtranonce: given['subscribe-extranonce'] === true }),
  }
}
