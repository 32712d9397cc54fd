import { readFileSync } from 'node:fs'
import type { SubProtocol } from '@sv2/messages'
import { decodeAuthorityKey, NoiseError, parsePoolUrl } from '@sv2/noise'
import type { EditionName, UpstreamSettings } from '@sv2/runtime'
import { z } from 'zod'
import { hostSchema, isPublic } from './host.ts'

/** One upstream as a configuration names it: by URL, or by its parts. */
export interface UpstreamConfig {
  readonly url?: string | undefined
  readonly host?: string | undefined
  readonly port?: number | undefined
  readonly authority_key?: string | undefined
  readonly authority_key_file?: string | undefined
  readonly edition?: EditionName | undefined
  readonly noise: boolean
  readonly allow_plaintext: boolean
  readonly draft_prelude: boolean
  readonly clock_tolerance_sec: number
}

/**
 * The schema of an upstream. Every contradiction is a problem of its own.
 * @param use.keys further keys that an app has for each upstream
 * @param use.only the one edition that will do, where not every one does
 */
export function upstreamSchema<Keys extends z.ZodRawShape = Record<never, never>>(use: {
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
      host: hostSchema().optional().describe('Instead of url: name or address'),
      port: z
        .int()
        .min(1)
        .max(65_535)
        .optional()
        .describe(`Instead of url: port; ${use.defaultPort} when missing`),
      authority_key: z
        .string()
        .min(1)
        .optional()
        .describe('Instead of url: authority key of the server, base58check'),
      authority_key_file: z
        .string()
        .min(1)
        .optional()
        .describe('Instead of authority_key: file with it, as `sv2-keys ensure` writes one'),
      edition: z
        .enum(['current', 'draft'])
        .optional()
        .describe('Wire edition; that of the authority key when missing, current without a key'),
      noise: z.boolean().default(true).describe('false: plaintext, for local networks only'),
      allow_plaintext: z
        .boolean()
        .default(false)
        .describe('true: plaintext even to a host that is not on a local network'),
      draft_prelude: z
        .boolean()
        .default(false)
        .describe('Edition draft: begin with the prelude (STR3) that servers of 2022 expect'),
      clock_tolerance_sec: z
        .int()
        .min(0)
        .max(86_400)
        .default(600)
        .describe("How far the server's clock may be off when its certificate is checked, seconds"),
      ...use.keys,
    })
    .superRefine((config, context) => {
      for (const problem of contradictions(config, use.only)) {
        context.addIssue({ code: 'custom', path: [problem.key], message: problem.message })
      }
    })
    .describe(use.description)
  return schema as unknown as z.ZodType<UpstreamConfig & z.output<z.ZodObject<Keys>>>
}

/** How to dial a checked upstream. Queue and payload limits are generous: we chose this server. */
export function upstreamSettings(
  config: UpstreamConfig,
  use: { readonly protocol: SubProtocol; readonly defaultPort: number },
): UpstreamSettings {
  const url = config.url === undefined ? undefined : parsePoolUrl(config.url)
  const text = keyText(config)
  const key =
    url !== undefined
      ? { key: url.authorityKey, edition: url.edition }
      : text === undefined
        ? undefined
        : decodeAuthorityKey(text)
  return {
    host: url?.host ?? config.host ?? '127.0.0.1',
    port: url?.port ?? config.port ?? use.defaultPort,
    edition: config.edition ?? key?.edition ?? 'current',
    noise: config.noise,
    prelude: config.draft_prelude,
    authorityKey: key?.key,
    clockToleranceSeconds: config.clock_tolerance_sec,
    protocol: use.protocol,
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
  if (config.authority_key_file !== undefined) {
    if (config.url !== undefined)
      problems.push({ key: 'authority_key_file', message: 'the key stands in the url already' })
    if (config.authority_key !== undefined)
      problems.push({ key: 'authority_key_file', message: 'not together with authority_key' })
  }
  const key = keyOf(config)
  const host = config.host ?? (typeof key === 'object' && 'host' in key ? key.host : undefined)
  if (!config.noise && !config.allow_plaintext && host !== undefined && isPublic(host))
    problems.push({
      key: 'noise',
      message: `${host} is on no local network: others could read and change what is sent; allow_plaintext = true takes that`,
    })
  if (typeof key === 'string') {
    problems.push({ key: keyNamedBy(config), message: key })
  } else if (key === undefined && config.noise && config.url === undefined && config.host !== undefined) {
    problems.push({
      key: 'authority_key',
      message: 'is required with noise; it is what proves who the server is',
    })
  } else if (key !== undefined && config.edition !== undefined && key.edition !== config.edition) {
    problems.push({ key: 'edition', message: `the authority key is one of edition ${key.edition}` })
  }
  const edition = config.edition ?? (typeof key === 'object' ? key.edition : undefined)
  if (config.draft_prelude && (edition ?? 'current') !== 'draft')
    problems.push({ key: 'draft_prelude', message: 'needs edition = "draft"' })
  if (only !== undefined && edition !== undefined && edition !== only)
    problems.push({ key: 'edition', message: `must be ${only} here` })
  return problems
}

type KeySource = Pick<UpstreamConfig, 'url' | 'authority_key' | 'authority_key_file'>

/** The key and its edition, undefined without one; as a text, what is wrong with it. */
function keyOf(config: KeySource) {
  try {
    if (config.url !== undefined) return parsePoolUrl(config.url)
    const text = keyText(config)
    return text === undefined ? undefined : decodeAuthorityKey(text)
  } catch (error) {
    if (error instanceof NoiseError) return error.message
    if (error instanceof Error && 'syscall' in error) return `cannot be read: ${error.message}`
    throw error
  }
}

function keyText({ authority_key: text, authority_key_file: file }: KeySource): string | undefined {
  return text ?? (file === undefined ? undefined : readFileSync(file, 'utf8').trim())
}

function keyNamedBy(config: KeySource): keyof KeySource {
  if (config.url !== undefined) return 'url'
  return config.authority_key === undefined ? 'authority_key_file' : 'authority_key'
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
