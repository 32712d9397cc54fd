import { unhex } from '@sv2/bitcoin'
import { RPC, RpcError } from './rpc-error.ts'

function jsonType(value: unknown): string {
  if (value === null || value === undefined) return 'null'
  if (typeof value === 'boolean') return 'bool'
  return Array.isArray(value) ? 'array' : typeof value
}

function wrongType(index: number, name: string, value: unknown, wanted: string): RpcError {
  const text = `Wrong type passed:\n{\n    "Position ${index + 1} (${name})": "JSON value of type ${jsonType(value)} is not of expected type ${wanted}"\n}`
  return new RpcError(RPC.type, text)
}

/** A required text. @throws {RpcError} -1 when missing, -3 when it is something else. */
export function stringArgument(args: readonly unknown[], index: number, name: string): string {
  const value = args[index]
  if (value === undefined || value === null) throw new RpcError(RPC.misc, `missing argument ${name}`)
  if (typeof value !== 'string') throw wrongType(index, name, value, 'string')
  return value
}

/** A required integer. @throws {RpcError} -1 when missing, -3 when it is something else. */
export function integerArgument(args: readonly unknown[], index: number, name: string): number {
  const value = args[index]
  if (value === undefined || value === null) throw new RpcError(RPC.misc, `missing argument ${name}`)
  if (typeof value !== 'number') throw wrongType(index, name, value, 'number')
  if (!Number.isSafeInteger(value)) throw new RpcError(RPC.misc, 'JSON integer out of range')
  return value
}

/** An optional truth value. @throws {RpcError} -3 when it is something else. */
export function booleanArgument(
  args: readonly unknown[],
  index: number,
  name: string,
  otherwise: boolean,
): boolean {
  const value = args[index] ?? otherwise
  if (typeof value !== 'boolean') throw wrongType(index, name, value, 'bool')
  return value
}

/** An optional level of detail, a number or, as in old callers, a truth value. @throws {RpcError} -3 when it is something else. */
export function verbosityArgument(
  args: readonly unknown[],
  index: number,
  name: string,
  otherwise: number,
): number {
  const value = args[index] ?? otherwise
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value !== 'number') throw wrongType(index, name, value, 'number')
  return value
}

/** A required hash in display order. @throws {RpcError} -8 when it is not 64 hex digits. */
export function hashArgument(args: readonly unknown[], index: number, name: string): string {
  const text = stringArgument(args, index, name)
  if (text.length !== 64)
    throw new RpcError(
      RPC.invalidParameter,
      `${name} must be of length 64 (not ${text.length}, for '${text}')`,
    )
  if (!/^[0-9a-fA-F]*$/.test(text))
    throw new RpcError(RPC.invalidParameter, `${name} must be hexadecimal string (not '${text}')`)
  return text.toLowerCase()
}

/** The bytes of a hex text that must hold a structure. @throws {RpcError} -22 with `message` when it is not hex. */
export function hexBytes(text: string, message: string): Uint8Array {
  try {
    return unhex(text)
  } catch (error) {
    if (error instanceof RangeError) throw new RpcError(RPC.deserialization, message)
    throw error
  }
}

/** Runs a parser over a caller's bytes. @throws {RpcError} -22 with `message` when they are not what they should be. */
export function parsed<T>(parse: () => T, message: string): T {
  try {
    return parse()
  } catch (error) {
    if (error instanceof Error && error.name === 'BitcoinError')
      throw new RpcError(RPC.deserialization, message)
    throw error
  }
}
