import { difficultyText } from './difficulty-text.ts'
import { encodeLine } from './encode-line.ts'
import { hex32, swapWords, toHex } from './hex.ts'
import type { Notify, Response, SetExtranonce, Sv1ToMiner } from './to-miner.ts'

/** One job goes to many miners: its line is written once, for as long as the job is there. */
const notifyLines = new WeakMap<Notify, Uint8Array>()

/**
 * Writes one line to a miner, with its line feed. The bytes of a `mining.notify` are remembered by the identity of
 * the object: they are shared, and neither they nor the job may be changed afterwards.
 * @throws {RangeError} for a number that does not fit its field, or a hash that has not 32 bytes
 */
export function encodeToMiner(message: Sv1ToMiner): Uint8Array {
  if (message.type === 'response') return encodeLine(responseLine(message))
  if (message.type !== 'mining.notify') return encodeLine(notificationLine(message))
  const known = notifyLines.get(message)
  if (known !== undefined) return known
  const line = encodeLine(notifyLine(message))
  notifyLines.set(message, line)
  return line
}

function responseLine({ id, result, error }: Response): string {
  const said = result === true ? 'true' : JSON.stringify(result)
  const refused = error === null ? 'null' : JSON.stringify(error)
  return `{"id":${id ?? 'null'},"result":${said},"error":${refused}}\n`
}

function notificationLine(message: Exclude<Sv1ToMiner, Response | Notify>): string {
  switch (message.type) {
    case 'mining.set_difficulty':
      return line(message.type, difficultyText(message.difficulty))
    case 'mining.set_extranonce':
      return line(message.type, extranonceParams(message))
    case 'mining.set_version_mask':
      return line(message.type, `"${hex32(message.mask, 'version mask')}"`)
    case 'client.reconnect':
      return line(message.type, reconnectParams(message))
    case 'client.show_message':
      return line(message.type, JSON.stringify(message.text))
    case 'client.get_version':
      return `{"id":${message.id ?? 'null'},"method":"client.get_version","params":[]}\n`
  }
}

function notifyLine(job: Notify): string {
  const branch = job.merkleBranch.map((hash) => {
    if (hash.length !== 32) throw new RangeError(`a merkle branch hash has 32 bytes, not ${hash.length}`)
    return `"${toHex(hash)}"`
  })
  const params = [
    JSON.stringify(job.jobId),
    `"${toHex(swapWords(job.prevHash))}"`,
    `"${toHex(job.coinbase1)}"`,
    `"${toHex(job.coinbase2)}"`,
    `[${branch.join(',')}]`,
    `"${hex32(job.version, 'version')}"`,
    `"${hex32(job.nbits, 'nbits')}"`,
    `"${hex32(job.ntime, 'ntime')}"`,
    String(job.cleanJobs),
  ]
  return line('mining.notify', params.join(','))
}

function extranonceParams({ extranonce1, extranonce2Size }: SetExtranonce): string {
  return `"${toHex(extranonce1)}",${byteCount(extranonce2Size)}`
}

function reconnectParams({
  host,
  port,
  waitSeconds,
}: {
  host?: string
  port?: number
  waitSeconds?: number
}): string {
  if (host === undefined) return ''
  if (port === undefined || !Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new RangeError(`port ${port} of a reconnect is not in 1..65535`)
  }
  const wait = waitSeconds ?? 0
  if (!Number.isInteger(wait) || wait < 0) throw new RangeError(`a wait of ${wait} seconds`)
  return `${JSON.stringify(host)},${port},${wait}`
}

/** The size of an extranonce in bytes as it is written. @throws {RangeError} outside 0..32 */
export function byteCount(size: number): string {
  if (!Number.isInteger(size) || size < 0 || size > 32) {
    throw new RangeError(`an extranonce of ${size} bytes, not 0..32`)
  }
  return String(size)
}

function line(method: string, params: string): string {
  return `{"id":null,"method":"${method}","params":[${params}]}\n`
}
