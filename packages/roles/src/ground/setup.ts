import type { SetupConnection, SetupConnectionError, SetupConnectionSuccess } from '@sv2/messages'

/** The protocol version both editions speak (SET-07). */
export const PROTOCOL_VERSION = 2

/** What a server says to a SetupConnection. */
export interface SetupPolicy {
  /** `protocol` values this door serves. */
  readonly protocols: readonly number[]
  /** Flags a client may set; any other makes the connection fail, and the answer names them all (SET-12). */
  readonly supportedFlags: number
  /** Flags of a good answer. */
  readonly successFlags: number
}

/**
 * Answers a SetupConnection (SET-02). The reasons are tried in the order a client can act on them: protocol,
 * version, flags; only a flag problem fills `flags` (SET-14).
 */
export function answerSetup(
  setup: SetupConnection,
  policy: SetupPolicy,
): SetupConnectionSuccess | SetupConnectionError {
  if (!policy.protocols.includes(setup.protocol)) return setupError(0, 'unsupported-protocol')
  if (setup.minVersion > PROTOCOL_VERSION || setup.maxVersion < PROTOCOL_VERSION) {
    return setupError(0, 'protocol-version-mismatch')
  }
  const unsupported = (setup.flags & ~policy.supportedFlags) >>> 0
  if (unsupported !== 0) return setupError(unsupported, 'unsupported-feature-flags')
  return {
    type: 'SetupConnection.Success',
    usedVersion: PROTOCOL_VERSION,
    flags: policy.successFlags,
  }
}

/** A refusal. */
export function setupError(flags: number, errorCode: string): SetupConnectionError {
  return { type: 'SetupConnection.Error', flags, errorCode }
}

/** Who we are, as SetupConnection tells it (SET-04 … SET-06). */
export interface Identification {
  readonly vendor: string
  readonly hardwareVersion: string
  readonly firmware: string
  /** Empty without telemetry. */
  readonly deviceId: string
}

/** A client's first message (SET-01). */
export function setupRequest(
  identification: Identification,
  endpoint: { readonly host: string; readonly port: number },
  { protocol, flags }: { readonly protocol: number; readonly flags: number },
): SetupConnection {
  return {
    type: 'SetupConnection',
    protocol,
    minVersion: PROTOCOL_VERSION,
    maxVersion: PROTOCOL_VERSION,
    flags,
    endpointHost: endpoint.host,
    endpointPort: endpoint.port,
    ...identification,
  }
}
