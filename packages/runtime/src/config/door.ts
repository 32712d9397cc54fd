import { z } from 'zod'
import { isNetwork } from '../ip-budget.ts'
import type { DoorSettings } from '../listen.ts'

/** What one door of a server is configured with: `[[listen]]`. */
export interface DoorConfig {
  readonly host: string
  readonly port: number
  readonly edition: 'current' | 'draft' | 'auto'
  readonly noise: boolean
  readonly plaintext_edition?: 'current' | 'draft' | undefined
  readonly prefixed_signature: boolean
  readonly max_connections: number
  readonly max_connections_per_ip: number
  readonly connections_per_minute_per_ip: number
  readonly allow_list: readonly string[]
  readonly handshake_timeout_sec: number
  readonly max_handshakes: number
  readonly max_payload_bytes: number
  readonly max_queued_bytes: number
}

/** Defaults that differ between servers. */
export interface DoorDefaults {
  readonly host: string
  readonly port: number
  readonly maxPayloadBytes: number
  readonly maxQueuedBytes: number
}

/** The schema of a server's doors; one door on the default port when none is configured. */
export function doorsSchema(defaults: DoorDefaults): z.ZodType<DoorConfig[]> {
  const door = z.strictObject({
    host: z.string().min(1).default(defaults.host).describe('Address to listen on'),
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
    prefixed_signature: z
      .boolean()
      .default(false)
      .describe('Edition draft: send the SIGNATURE behind its own length, for clients of 2020'),
    max_connections: z.int().min(1).default(20_000).describe('Connections at one time; more are refused'),
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
      .describe('Time for the handshake, seconds'),
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
  })
  return z.array(door).min(1).prefault([{}]).describe('A door; repeat the section for more than one')
}

/** A door's settings as `listen` wants them. */
export function doorSettings(config: DoorConfig): DoorSettings {
  return {
    host: config.host,
    port: config.port,
    edition: config.edition,
    noise: config.noise,
    ...(config.plaintext_edition === undefined ? {} : { plaintextEdition: config.plaintext_edition }),
    prefixedSignature: config.prefixed_signature,
    maxConnections: config.max_connections,
    maxConnectionsPerIp: config.max_connections_per_ip,
    connectionsPerMinutePerIp: config.connections_per_minute_per_ip,
    allowList: config.allow_list,
    handshakeTimeoutMs: config.handshake_timeout_sec * 1000,
    maxHandshakes: config.max_handshakes,
    maxPayloadBytes: config.max_payload_bytes,
    maxQueuedBytes: config.max_queued_bytes,
  }
}
