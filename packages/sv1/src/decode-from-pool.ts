import { readError } from './error-triple.ts'
import { swapWords } from './hex.ts'
import { type Body, malformed, paramsOf, parseLine } from './parse-line.ts'
import type { RequestId } from './request-id.ts'
import type { PoolResponse, Sv1FromPool } from './to-miner.ts'
import { bytesOf, countOf, difficultyOf, textOf, uint32Of } from './values.ts'

type Params = readonly unknown[]
type Decoder = (id: RequestId, params: Params) => Sv1FromPool

/** More than any extranonce that fits a coinbase script has. */
export const LONGEST_EXTRANONCE = 32
/** A tree of 2^32 transactions. */
const LONGEST_BRANCH = 32

/** Reads one line of a pool's. Total: what makes no sense comes back as `malformed`. */
export function decodeFromPool(line: string): Sv1FromPool {
  const parsed = parseLine(line)
  if ('type' in parsed) return parsed
  const { id, method, body } = parsed
  if (method === undefined) return response(body)
  const decode = DECODERS.get(method)
  if (decode === undefined) return { type: 'unknown', id, method }
  const params = paramsOf(body)
  return params === undefined ? malformed(id, method, 'params is not a list') : decode(id, params)
}

const DECODERS: ReadonlyMap<string, Decoder> = new Map<string, Decoder>([
  ['mining.notify', notify],
  ['mining.set_difficulty', setDifficulty],
  ['mining.set_extranonce', setExtranonce],
  ['mining.set_version_mask', setVersionMask],
  ['mining.ping', (id) => ({ type: 'mining.ping', id })],
  ['client.reconnect', reconnect],
  ['client.show_message', (_, [text]) => ({ type: 'client.show_message', text: textOf(text) ?? '' })],
  ['client.get_version', (id) => ({ type: 'client.get_version', id })],
])

function response(body: Body): PoolResponse {
  const { id, result = null } = body
  const number = typeof id === 'string' && /^\d{1,15}$/.test(id) ? Number(id) : id
  const reason = result === true ? undefined : body['reject-reason']
  return {
    type: 'response',
    id: typeof number === 'number' && Number.isSafeInteger(number) ? number : undefined,
    result,
    error: readError(body.error) ?? readError(typeof reason === 'string' ? reason : undefined),
  }
}

function notify(id: RequestId, params: Params): Sv1FromPool {
  const bad = (reason: string): Sv1FromPool => malformed(id, 'mining.notify', reason)
  const jobId = textOf(params[0])
  if (jobId === undefined) return bad('job id is not a string')
  const swapped = bytesOf(params[1])
  if (swapped?.length !== 32) return bad('previous hash is not hex of 32 bytes')
  const coinbase1 = bytesOf(params[2])
  if (coinbase1 === undefined) return bad('coinbase part 1 is not hex')
  const coinbase2 = bytesOf(params[3])
  if (coinbase2 === undefined) return bad('coinbase part 2 is not hex')
  const merkleBranch = branchOf(params[4])
  if (merkleBranch === undefined) return bad('merkle branch is not a list of hashes')
  const version = uint32Of(params[5])
  if (version === undefined) return bad('version is no 32-bit number')
  const nbits = uint32Of(params[6])
  if (nbits === undefined) return bad('nbits is no 32-bit number')
  const ntime = uint32Of(params[7])
  if (ntime === undefined) return bad('ntime is no 32-bit number')
  // devices read the last parameter, whatever stands between: some pools add fields
  const cleanJobs = params.length > 8 && isTrue(params[params.length - 1])
  const prevHash = swapWords(swapped)
  return {
    type: 'mining.notify',
    jobId,
    prevHash,
    coinbase1,
    coinbase2,
    merkleBranch,
    version,
    nbits,
    ntime,
    cleanJobs,
  }
}

function branchOf(value: unknown): Uint8Array[] | undefined {
  if (!Array.isArray(value) || value.length > LONGEST_BRANCH) return undefined
  const branch = value.map((hash) => bytesOf(hash, 32))
  return branch.every((hash) => hash?.length === 32) ? (branch as Uint8Array[]) : undefined
}

function setDifficulty(id: RequestId, [value]: Params): Sv1FromPool {
  const difficulty = difficultyOf(value)
  return difficulty === undefined
    ? malformed(id, 'mining.set_difficulty', 'difficulty is not a number above 0')
    : { type: 'mining.set_difficulty', difficulty }
}

function setExtranonce(id: RequestId, [first, second]: Params): Sv1FromPool {
  const extranonce1 = bytesOf(first, LONGEST_EXTRANONCE)
  if (extranonce1 === undefined)
    return malformed(id, 'mining.set_extranonce', 'extranonce1 is not hex of 0..32 bytes')
  const extranonce2Size = countOf(second, LONGEST_EXTRANONCE)
  return extranonce2Size === undefined
    ? malformed(id, 'mining.set_extranonce', 'extranonce2 size is not in 0..32')
    : { type: 'mining.set_extranonce', extranonce1, extranonce2Size }
}

function setVersionMask(id: RequestId, [value]: Params): Sv1FromPool {
  const mask = uint32Of(value)
  return mask === undefined
    ? malformed(id, 'mining.set_version_mask', 'mask is no 32-bit number')
    : { type: 'mining.set_version_mask', mask }
}

function reconnect(id: RequestId, [first, second, third]: Params): Sv1FromPool {
  const host = typeof first === 'string' && first !== '' ? first : undefined
  const port = isNothing(second) ? undefined : countOf(second, 65_535)
  if (port === undefined && !isNothing(second))
    return malformed(id, 'client.reconnect', 'port is not in 1..65535')
  const waitSeconds = isNothing(third) ? 0 : countOf(third, 0xffff_ffff)
  if (waitSeconds === undefined) return malformed(id, 'client.reconnect', 'wait is not a number of seconds')
  return {
    type: 'client.reconnect',
    ...(host !== undefined && { host }),
    ...(port !== undefined && { port }),
    waitSeconds,
  }
}

/** 0 stands for "no port" and "no wait" in the wild. */
function isNothing(value: unknown): boolean {
  return value === undefined || value === null || value === '' || value === 0 || value === '0'
}

function isTrue(value: unknown): boolean {
  return value === true || value === 1 || value === 'true'
}
