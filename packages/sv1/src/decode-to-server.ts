import { malformed, paramsOf, parseLine } from './parse-line.ts'
import type { RequestId } from './request-id.ts'
import type { Configure, Malformed, Submit, Sv1ToServer } from './to-server.ts'
import { bitCountOf, difficultyOf, hexOf, numberOf, targetOf, textOf, uint32Of } from './values.ts'

type Params = readonly unknown[]
type Decoder = (id: RequestId, params: Params) => Sv1ToServer

/** A session id of ours is far shorter; a longer one is not remembered anywhere. */
const LONGEST_SESSION_ID = 64
const LONGEST_EXTRANONCE = 32
const MAX_MASK = 0xffff_ffff

/** Reads one line of a miner's. Total: what makes no sense comes back as `malformed`. */
export function decodeToServer(line: string): Sv1ToServer {
  const parsed = parseLine(line)
  if ('type' in parsed) return parsed
  const { id, method, body } = parsed
  if (method === undefined) {
    return { type: 'response', id, result: body.result ?? null, error: body.error ?? null }
  }
  const decode = method === 'mining.submit' ? submit : DECODERS.get(method)
  if (decode === undefined) return { type: 'unknown', id, method }
  const params = paramsOf(body)
  return params === undefined ? malformed(id, method, 'params is not a list') : decode(id, params)
}

const DECODERS: ReadonlyMap<string, Decoder> = new Map<string, Decoder>([
  ['mining.subscribe', subscribe],
  ['mining.authorize', authorize],
  ['mining.configure', configure],
  ['mining.extranonce.subscribe', (id) => ({ type: 'mining.extranonce.subscribe', id })],
  ['mining.suggest_difficulty', suggestDifficulty],
  ['mining.suggest_target', suggestTarget],
  ['mining.get_transactions', (id, params) => transactions('mining.get_transactions', id, params)],
  ['mining.get_txnhashes', (id, params) => transactions('mining.get_txnhashes', id, params)],
  ['mining.capabilities', capabilities],
  ['mining.set_goal', (id) => ({ type: 'mining.set_goal', id })],
  ['mining.ping', (id) => ({ type: 'mining.ping', id })],
  ['mining.pong', (id) => ({ type: 'pong', id })],
  ['pong', (id) => ({ type: 'pong', id })],
])

function submit(id: RequestId, params: Params): Submit | Malformed {
  const worker = textOf(params[0])
  if (worker === undefined) return malformed(id, 'mining.submit', 'worker is not a string')
  const jobId = textOf(params[1])
  if (jobId === undefined) return malformed(id, 'mining.submit', 'job id is not a string')
  const extranonce2 = hexOf(params[2], LONGEST_EXTRANONCE)
  if (extranonce2 === undefined) return malformed(id, 'mining.submit', 'extranonce2 is not hex')
  const ntime = uint32Of(params[3])
  if (ntime === undefined) return malformed(id, 'mining.submit', 'ntime is no 32-bit number')
  const nonce = uint32Of(params[4])
  if (nonce === undefined) return malformed(id, 'mining.submit', 'nonce is no 32-bit number')
  const sixth = params[5]
  const versionBits = isAbsent(sixth) ? undefined : uint32Of(sixth)
  if (versionBits === undefined && !isAbsent(sixth)) {
    return malformed(id, 'mining.submit', 'version bits are no 32-bit number')
  }
  return { type: 'mining.submit', id, worker, jobId, extranonce2, ntime, nonce, versionBits }
}

function subscribe(id: RequestId, params: Params): Sv1ToServer {
  const [first, second] = params
  const userAgent = isAbsent(first) ? undefined : textOf(first)
  if (userAgent === undefined && !isAbsent(first)) {
    return malformed(id, 'mining.subscribe', 'user agent is not a string')
  }
  const sessionId = isAbsent(second) ? undefined : textOf(second)
  if (sessionId === undefined && !isAbsent(second)) {
    return malformed(id, 'mining.subscribe', 'session id is not a string')
  }
  if (sessionId !== undefined && sessionId.length > LONGEST_SESSION_ID) {
    return malformed(id, 'mining.subscribe', 'session id is too long')
  }
  return {
    type: 'mining.subscribe',
    id,
    ...(userAgent !== undefined && { userAgent }),
    ...(sessionId !== undefined && { sessionId }),
  }
}

function authorize(id: RequestId, params: Params): Sv1ToServer {
  const user = textOf(params[0])
  if (user === undefined) return malformed(id, 'mining.authorize', 'user is not a string')
  return { type: 'mining.authorize', id, user, password: textOf(params[1]) ?? '' }
}

function configure(id: RequestId, [asked, settings]: Params): Sv1ToServer {
  const extensions = typeof asked === 'string' ? [asked] : asked
  if (!Array.isArray(extensions) || !extensions.every((name) => typeof name === 'string')) {
    return malformed(id, 'mining.configure', 'extensions are no list of names')
  }
  if (typeof settings !== 'object' && settings !== undefined) {
    return malformed(id, 'mining.configure', 'extension parameters are no object')
  }
  const given = (settings ?? {}) as Readonly<Record<string, unknown>>
  const message: { -readonly [Key in keyof Configure]: Configure[Key] } = {
    type: 'mining.configure',
    id,
    extensions,
  }
  if (extensions.includes('version-rolling')) {
    const mask = given['version-rolling.mask'] ?? MAX_MASK
    const minBitCount = bitCountOf(given['version-rolling.min-bit-count'] ?? 0)
    const bits = uint32Of(mask)
    if (bits === undefined)
      return malformed(id, 'mining.configure', 'version-rolling.mask is no 32-bit number')
    if (minBitCount === undefined) {
      return malformed(id, 'mining.configure', 'version-rolling.min-bit-count is not a number of bits')
    }
    message.versionRolling = { mask: bits, minBitCount }
  }
  const minimum = given['minimum-difficulty.value']
  if (extensions.includes('minimum-difficulty') && !isAbsent(minimum)) {
    const difficulty = numberOf(minimum)
    if (difficulty === undefined) {
      return malformed(id, 'mining.configure', 'minimum-difficulty.value is not a difficulty')
    }
    message.minimumDifficulty = difficulty
  }
  return message
}

function suggestDifficulty(id: RequestId, [value]: Params): Sv1ToServer {
  const difficulty = difficultyOf(value)
  return difficulty === undefined
    ? malformed(id, 'mining.suggest_difficulty', 'difficulty is not a number above 0')
    : { type: 'mining.suggest_difficulty', id, difficulty }
}

function suggestTarget(id: RequestId, [value]: Params): Sv1ToServer {
  const target = targetOf(value)
  return target === undefined
    ? malformed(id, 'mining.suggest_target', 'target is not hex of 32 bytes')
    : { type: 'mining.suggest_target', id, target }
}

function transactions(
  type: 'mining.get_transactions' | 'mining.get_txnhashes',
  id: RequestId,
  [value]: Params,
): Sv1ToServer {
  const jobId = textOf(value)
  return jobId === undefined ? { type, id } : { type, id, jobId }
}

function capabilities(id: RequestId, [value]: Params): Sv1ToServer {
  const suggested =
    typeof value === 'object' && value !== null ? Reflect.get(value, 'suggested_target') : undefined
  if (isAbsent(suggested)) return { type: 'mining.capabilities', id }
  const suggestedTarget = targetOf(suggested)
  return suggestedTarget === undefined
    ? malformed(id, 'mining.capabilities', 'suggested_target is not hex of 32 bytes')
    : { type: 'mining.capabilities', id, suggestedTarget }
}

/** How devices leave a parameter out that others follow. */
function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || value === ''
}
