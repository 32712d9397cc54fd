import { difficultyText } from './difficulty-text.ts'
import { encodeLine } from './encode-line.ts'
import { hex32 } from './hex.ts'
import type { Configure, JsonValue, Submit, Subscribe, Sv1ToPool } from './to-server.ts'

/**
 * Writes one line to a V1 pool, with its line feed.
 * @throws {RangeError} for a number that does not fit its field
 */
export function encodeToPool(message: Sv1ToPool): Uint8Array {
  switch (message.type) {
    case 'response':
      return encodeLine(
        `{"id":${message.id ?? 'null'},"result":${JSON.stringify(message.result)},"error":null}\n`,
      )
    case 'pong':
      return encodeLine(`{"id":${message.id ?? 'null'},"method":"pong","params":[]}\n`)
    case 'mining.suggest_difficulty':
      return encodeLine(request(message, difficultyText(message.difficulty)))
    default:
      return encodeLine(request(message, paramsOf(message).map(json).join(',')))
  }
}

type ListedRequest = Exclude<Sv1ToPool, { readonly type: 'response' | 'pong' | 'mining.suggest_difficulty' }>

function paramsOf(message: ListedRequest): readonly JsonValue[] {
  switch (message.type) {
    case 'mining.subscribe':
      return subscribeParams(message)
    case 'mining.authorize':
      return [message.user, message.password]
    case 'mining.configure':
      return configureParams(message)
    case 'mining.submit':
      return submitParams(message)
    case 'mining.extranonce.subscribe':
      return []
  }
}

function subscribeParams({ userAgent, sessionId }: Subscribe<number>): readonly JsonValue[] {
  if (sessionId !== undefined) return [userAgent ?? '', sessionId]
  return userAgent === undefined ? [] : [userAgent]
}

function configureParams({
  extensions,
  versionRolling,
  minimumDifficulty,
}: Configure<number>): readonly JsonValue[] {
  return [
    extensions,
    {
      ...(versionRolling && {
        'version-rolling.mask': hex32(versionRolling.mask, 'version mask'),
        'version-rolling.min-bit-count': versionRolling.minBitCount,
      }),
      ...(minimumDifficulty !== undefined && { 'minimum-difficulty.value': minimumDifficulty }),
    },
  ]
}

function submitParams(share: Submit<number>): readonly JsonValue[] {
  const { worker, jobId, extranonce2, versionBits } = share
  const params = [worker, jobId, extranonce2, hex32(share.ntime, 'ntime'), hex32(share.nonce, 'nonce')]
  return versionBits === undefined ? params : [...params, hex32(versionBits, 'version bits')]
}

function request({ id, type }: { readonly id: number; readonly type: string }, params: string): string {
  if (!Number.isSafeInteger(id)) throw new RangeError(`request id ${id} is not an integer`)
  return `{"id":${id},"method":"${type}","params":[${params}]}\n`
}

function json(value: JsonValue): string {
  return JSON.stringify(value)
}
