import type { z } from 'zod'

/** Members named in one message; a block's transactions may all lack the same one. */
const MAX_NAMED = 3

/** A node's answer is not what it should be. The message names the members, for the operator. */
export class OddAnswer extends Error {
  override readonly name = 'OddAnswer'
}

/**
 * Reads an answer by its schema.
 * @param method that was called
 * @throws {OddAnswer} naming the members that are missing or wrong
 */
export function readAnswer<T>(schema: z.ZodType<T>, method: string, answer: unknown): T {
  const read = schema.safeParse(answer, { reportInput: true })
  if (read.success) return read.data
  const faults = new Set(read.error.issues.map(fault))
  const named = [...faults].slice(0, MAX_NAMED)
  const more = faults.size > MAX_NAMED ? ` and ${faults.size - MAX_NAMED} more` : ''
  throw new OddAnswer(`this node's answer to ${method} cannot be used: ${named.join(', ')}${more}`)
}

function fault(issue: z.core.$ZodIssue): string {
  const name = issue.path.filter((part) => typeof part !== 'number').join('.')
  if (name === '') return 'it is not an object'
  return issue.input === undefined ? `it lacks ${name}` : `${name} is not what it should be`
}
