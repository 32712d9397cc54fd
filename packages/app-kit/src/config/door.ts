import { readFileSync } from 'node:fs'
import { createSecureContext, type SecureContext } from 'node:tls'
import {
  type DoorSettings,
  DRAFT_CERTIFICATES,
  type DraftCertificate,
  isNetwork,
  type V1DoorSettings,
} from '@sv2/runtime'
import { z } from 'zod'
import { hostSchema } from './host.ts'

/** What one door of a server is configured with: `[[listen]]`. */
export interface DoorConfig {
  readonly host: string
  readonly port: number
  readonly edition: 'current' | 'draft' | 'auto'
  readonly noise: boolean
  readonly plaintext_edition?: 'current' | 'draft' | undefined
  readonly draft_certificate: DraftCertificate
  readonly max_connections: number
  readonly max_connections_per_ip: number
  readonly connections_per_minute_per_ip: number
  readonly allow_list: readonly string[]
  readonly handshake_timeout_sec: number
  readonly max_handshakes: number
  readonly max_payload_bytes: number
  readonly max_queued_bytes: number
  /** Undefined where the server takes no V1 at all. */
  readonly protocol?: DoorProtocol | undefined
  readonly max_line_bytes?: number | undefined
  readonly max_v1_queued_bytes?: number | undefined
  readonly tls_certificate_file?: string | undefined
  readonly tls_key_file?: string | undefined
  /** Undefined where the server makes no coinbases. */
  readonly max_coinbase_bytes?: number | undefined
  /** Undefined: miners of this door are paid as the server's own setting says. */
  readonly payout_mode?: 'solo' | undefined
}

/** What clients of a door speak; `both` tells them apart by their first bytes. */
export type DoorProtocol = 'v2' | 'v1' | 'both'

/** Defaults that differ between servers. */
export interface DoorDefaults {
  readonly host: string
  readonly port: number
  readonly maxPayloadBytes: number
  readonly maxQueuedBytes: number
  /** For a server that takes Stratum V1 too: what its doors speak when nothing is said. */
  readonly protocol?: DoorProtocol
  /** For a server that makes coinbases: the lengths between which `max_coinbase_bytes` lies, and its default; bytes. */
  readonly coinbaseBytes?: { readonly min: number; readonly max: number; readonly default: number }
}

/** The schema of a server's doors; one door on the default port when none is configured. */
export function doorsSchema(defaults: DoorDefaults): z.ZodType<DoorConfig[]> {
  const keys = {
    host: hostSchema().default(defaults.host).describe('Address to listen on'),
    port: z.int().min(0).max(65_535).default(defaults.port).describe('Port; 0 takes any free one'),
    edition: z
      .enum(['current', 'draft', 'auto'])
      .default('current')
      .describe("Wire edition; auto tells it by the client's first bytes"),
    noise: z.boolean().default(true).describe('false: plaintext, for local networks only'),
    plaintext_edition: z
      .enum(['current', 'draft'])
      .optional()
      .describe('With edition = "auto": take plaintext clients too, as clients of this edition'),
    draft_certificate: z
      .enum(DRAFT_CERTIFICATES)
      .default('auto')
      .describe(
        'Edition draft: seeds, as its documents say; deployed, as software of 2020 to 2022 verifies it, and reads what follows; auto, deployed for clients of 2022, which can be told, and seeds for others',
      ),
    max_connections: z
      .int()
      .min(1)
      .default(20_000)
      .describe(
        'Connections at one time; when there are more, the oldest that has shown no work yet makes room',
      ),
    max_connections_per_ip: z.int().min(1).default(4_096).describe('Connections of one address at one time'),
    connections_per_minute_per_ip: z
      .int()
      .min(1)
      .default(4_096)
      .describe('New connections of one address in a minute'),
    allow_list: z
      .array(z.string().refine(isNetwork, 'must be an address or a network such as 10.0.0.0/8'))
      .default(['127.0.0.0/8', '::1/128'])
      .describe('Addresses and networks without limits per address'),
    handshake_timeout_sec: z
      .number()
      .min(0.1)
      .max(600)
      .default(10)
      .describe('Time for handshake and first message together, seconds'),
    max_handshakes: z
      .int()
      .min(1)
      .default(8_192)
      .describe('Handshakes that may wait for their turn at one time'),
    max_payload_bytes: z
      .int()
      .min(1_291)
      .max(0xff_ffff)
      .default(defaults.maxPayloadBytes)
      .describe('Longest message taken, bytes'),
    max_queued_bytes: z
      .int()
      .min(65_536)
      .default(defaults.maxQueuedBytes)
      .describe('Bytes that may wait for a client that reads slowly before it is dropped'),
  }
  const { protocol, coinbaseBytes } = defaults
  const withV1 = protocol === undefined ? keys : { ...v1Keys(protocol), ...keys }
  const door: z.ZodType<DoorConfig> =
    coinbaseBytes === undefined
      ? z.strictObject(withV1)
      : z.strictObject({ ...withV1, ...coinbaseKeys(coinbaseBytes) })
  const checked = door.superRefine((config, context) => {
    for (const { key, message } of tlsProblems(config)) {
      context.addIssue({ code: 'custom', path: [key], message })
    }
  })
  return z.array(checked).min(1).prefault([{}]).describe('A door; repeat the section for more than one')
}

function v1Keys(protocol: DoorProtocol) {
  return {
    protocol: z
      .enum(['v2', 'v1', 'both'])
      .default(protocol)
      .describe('What clients speak: Stratum V2, V1, or both, told apart by their first bytes'),
    max_line_bytes: z
      .int()
      .min(1_024)
      .max(1_048_576)
      .default(16_384)
      .describe('Stratum V1: longest line taken, bytes'),
    max_v1_queued_bytes: z
      .int()
      .min(65_536)
      .default(1_048_576)
      .describe('Stratum V1: bytes that may wait for a client that reads slowly before it is dropped'),
    tls_certificate_file: z
      .string()
      .min(1)
      .optional()
      .describe('File with the certificate chain, PEM; takes V1 over TLS, with protocol = "v1"'),
    tls_key_file: z.string().min(1).optional().describe('File with the key of tls_certificate_file, PEM'),
  }
}

function coinbaseKeys(bytes: Required<DoorDefaults>['coinbaseBytes']) {
  return {
    max_coinbase_bytes: z
      .int()
      .min(bytes.min)
      .max(bytes.max)
      .default(bytes.default)
      .describe(
        'Payout mode shared: longest coinbase that devices of this door bear, bytes; 500 pays about 10 miners of a block, 2250 about 65, 16000 about 500',
      ),
    payout_mode: z
      .enum(['solo'])
      .optional()
      .describe(
        'solo: a block of a miner of this door pays the address in his user identity, less the fee, and his shares earn nothing of other blocks; where missing, payout.mode holds',
      ),
  }
}

type TlsFiles = Pick<DoorConfig, 'protocol' | 'tls_certificate_file' | 'tls_key_file'>

function tlsProblems(config: TlsFiles): { key: string; message: string }[] {
  const { protocol, tls_certificate_file: certificate, tls_key_file: key } = config
  if (certificate === undefined && key === undefined) return []
  if (protocol !== 'v1') {
    const named = certificate === undefined ? 'tls_key_file' : 'tls_certificate_file'
    return [{ key: named, message: 'needs protocol = "v1"; Stratum V2 has an encryption of its own' }]
  }
  if (certificate === undefined)
    return [{ key: 'tls_certificate_file', message: 'is required with tls_key_file' }]
  if (key === undefined) return [{ key: 'tls_key_file', message: 'is required with tls_certificate_file' }]
  const unreadable = [
    ...unreadableFile('tls_certificate_file', certificate),
    ...unreadableFile('tls_key_file', key),
  ]
  if (unreadable.length > 0) return unreadable
  try {
    secureContext(certificate, key)
    return []
  } catch (error) {
    const message = `is not a certificate with its key in PEM: ${(error as Error).message}`
    return [{ key: 'tls_certificate_file', message }]
  }
}

function unreadableFile(key: string, file: string): { key: string; message: string }[] {
  try {
    readFileSync(file)
    return []
  } catch (error) {
    return [{ key, message: `cannot be read: ${(error as Error).message}` }]
  }
}

function secureContext(certificateFile: string, keyFile: string): SecureContext {
  return createSecureContext({ cert: readFileSync(certificateFile), key: readFileSync(keyFile) })
}

function v1Settings(config: DoorConfig): V1DoorSettings | undefined {
  const { protocol, tls_certificate_file: certificate, tls_key_file: key } = config
  if (protocol !== 'v1' && protocol !== 'both') return undefined
  return {
    only: protocol === 'v1',
    maxLineBytes: config.max_line_bytes ?? 16_384,
    maxQueuedBytes: config.max_v1_queued_bytes ?? 1_048_576,
    tls: certificate === undefined || key === undefined ? undefined : secureContext(certificate, key),
  }
}

/** A door's settings as `listen` wants them. */
export function doorSettings(config: DoorConfig): DoorSettings {
  return {
    host: config.host,
    port: config.port,
    edition: config.edition,
    noise: config.noise,
    ...(config.plaintext_edition === undefined ? {} : { plaintextEdition: config.plaintext_edition }),
    draftCertificate: config.draft_certificate,
    maxConnections: config.max_connections,
    maxConnectionsPerIp: config.max_connections_per_ip,
    connectionsPerMinutePerIp: config.connections_per_minute_per_ip,
    allowList: config.allow_list,
    handshakeTimeoutMs: config.handshake_timeout_sec * 1000,
    maxHandshakes: config.max_handshakes,
    maxPayloadBytes: config.max_payload_bytes,
    maxQueuedBytes: config.max_queued_bytes,
    maxCoinbaseBytes: config.max_coinbase_bytes,
    isSolo: config.payout_mode === 'solo',
    v1: v1Settings(config),
  }
}
