import type { SubProtocol } from '@sv2/messages'
import { decodeAuthorityKey, NoiseError, parsePoolUrl } from '@sv2/noise'
import { z } from 'zod'
import type { UpstreamSettings } from '../dial.ts'
import type { EditionName } from '../editions.ts'

/** One upstream as a configuration names it: by URL, or by its parts. */
export interface UpstreamConfig {
  readonly url?: string | undefined
  readonly host?: string | undefined
  readonly port?: number | undefined
  readonly authority_key?: string | undefined
  readonly edition?: EditionName | undefined
  readonly noise: boolean
  readonly clock_tolerance_sec: number
}

/**
 * The schema of an upstream. Every contradiction is a problem of its own.
 * @param what.keys further keys that an app has for each upstream
 * @param what.only the one edition that will do, where not every one does
 */
export function upstreamSchema<Keys extends z.ZodRawShape = Record<never, never>>(what: {
  readonly description: string
  readonly defaultPort: number
  readonly keys?: Keys
  readonly only?: EditionName
}): z.ZodType<UpstreamConfig & z.output<z.ZodObject<Keys>>> {
  const schema = z
    .strictObject({
      url: z
        .string()
        .min(1)
        .optional()
        .describe(`stratum2+tcp://host:port/AUTHORITY_KEY, as the server prints it at its start`),
      host: z.string().min(1).optional().describe('Instead of url: name or address'),
      port: z
        .int()
        .min(1)
        .max(65_535)
        .optional()
        .describe(`Instead of url: port; ${what.defaultPort} when missing`),
      authority_key: z
        .string()
        .min(1)
        .optional()
        .describe('Instead of url: authority key of the server, base58check'),
      edition: z
        .enum(['current', 'draft'])
        .optional()
        .describe('Wire edition; that of the authority key when missing, current without a key'),
      noise: z.boolean().default(true).describe('false: plaintext, for local networks only'),
      clock_tolerance_sec: z
        .int()
        .min(0)
        .max(86_400)
        .default(600)
        .describe("How far the server's clock may be off when its certificate is checked, seconds"),
      ...what.keys,
    })
    .superRefine((config, context) => {
      for (const problem of contradictions(config, what.only)) {
        context.addIssue({ code: 'custom', path: [problem.key], message: problem.message })
      }
    })
    .describe(what.description)
  return schema as unknown as z.ZodType<UpstreamConfig & z.output<z.ZodObject<Keys>>>
}

/** How to dial a checked upstream. Queue and payload limits are generous: we chose this server. */
export function upstreamSettings(
  config: UpstreamConfig,
  what: { readonly protocol: SubProtocol; readonly defaultPort: number },
): UpstreamSettings {
  const url = config.url === undefined ? undefined : parsePoolUrl(config.url)
  const key =
    url !== undefined
      ? { key: url.authorityKey, edition: url.edition }
      : config.authority_key === undefined
        ? undefined
        : decodeAuthorityKey(config.authority_key)
  return {
    host: url?.host ?? config.host ?? '127.0.0.1',
    port: url?.port ?? config.port ?? what.defaultPort,
    edition: config.edition ?? key?.edition ?? 'current',
    noise: config.noise,
    authorityKey: key?.key,
    clockToleranceSeconds: config.clock_tolerance_sec,
    protocol: what.protocol,
    handshakeTimeoutMs: 10_000,
    maxPayloadBytes: 0xff_ffff,
    maxQueuedBytes: 64 * 1024 * 1024,
  }
}

function contradictions(
  config: Omit<UpstreamConfig, 'clock_tolerance_sec'>,
  only: EditionName | undefined,
): { key: string; message: string }[] {
  const problems: { key: string; message: string }[] = []
  if (config.url === undefined && config.host === undefined) {
    problems.push({ key: 'url', message: 'is required, or host and port' })
  }
  if (config.url !== undefined && config.host !== undefined) {
    problems.push({ key: 'host', message: 'stands in the url already' })
  }
  const key = keyOf(config)
  if (typeof key === 'string') {
    problems.push({ key: config.url === undefined ? 'authority_key' : 'url', message: key })
  } else if (key === undefined && config.noise && config.url === undefined && config.host !== undefined) {
    problems.push({
      key: 'authority_key',
      message: 'is required with noise; it is what proves who the server is',
    })
  } else if (key !== undefined && config.edition !== undefined && key.edition !== config.edition) {
    problems.push({ key: 'edition', message: `the authority key is one of edition ${key.edition}` })
  }
  const edition = config.edition ?? (typeof key === 'object' ? key.edition : undefined)
  if (only !== undefined && edition !== undefined && edition !== only)
    problems.push({ key: 'edition', message: `must be ${only} here` })
  return problems
}

function keyOf(config: { readonly url?: string | undefined; readonly authority_key?: string | undefined }) {
  try {
    if (config.url !== undefined) return parsePoolUrl(config.url)
    return config.authority_key === undefined ? undefined : decodeAuthorityKey(config.authority_key)
  } catch (error) {
    if (!(error instanceof NoiseError)) throw error
    return error.message
  }
}

/** The keys by which a node with several upstreams sets when it gives all of them up, and when it returns to one. */
export function failoverKeys() {
  return {
    stop_after_sec: z
      .number()
      .min(0)
      .max(86_400)
      .default(30)
      .describe('So long without any upstream before that is done, seconds'),
    return_after_sec: z
      .number()
      .min(0)
      .max(86_400)
      .default(30)
      .describe('An upstream that had failed is used again when it has been well for this long, seconds'),
  }
}
