/** The code of a refusal, as Stratum V1 counts them. */
export type Sv1ErrorNumber = 20 | 21 | 22 | 23 | 24 | 25

/** A refusal on the wire: code, text for people, and a traceback that no known software sends. */
export type ErrorTriple = readonly [code: number, text: string, traceback: null]

/** What the error of an answer says, however the pool wrote it. */
export interface Failure {
  readonly code: number
  readonly message: string
}

/** The refusals of Stratum V1 with their texts. */
export const SV1_ERRORS: Readonly<Record<Sv1ErrorNumber, ErrorTriple>> = {
  20: [20, 'Other/Unknown', null],
  21: [21, 'Job not found', null],
  22: [22, 'Duplicate share', null],
  23: [23, 'Low difficulty share', null],
  24: [24, 'Unauthorized worker', null],
  25: [25, 'Not subscribed', null],
}

/** What pools that send words alone mean by them. */
const MEANINGS: readonly (readonly [RegExp, Sv1ErrorNumber])[] = [
  [/stale|job.?not.?found|unknown.?(job|work)|invalid.?job/i, 21],
  [/duplicate/i, 22],
  [/low.?diff|above.?target|high.?hash/i, 23],
  [/unauthori[sz]ed|not.?authori[sz]ed/i, 24],
  [/not.?subscribed/i, 25],
]

/**
 * Reads the error of an answer: a triple or a list of two, an object with `code` and `message`, or bare text, whose
 * code is guessed from its words. Undefined when there is no error: null, false, 0, an empty list or empty text.
 */
export function readError(error: unknown): Failure | undefined {
  if (error === null || error === undefined || error === false || error === 0 || error === '')
    return undefined
  if (Array.isArray(error)) return error.length === 0 ? undefined : failure(error[0], error[1])
  if (typeof error !== 'object') return failure(undefined, error)
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown }
  return failure(code, message)
}

function failure(first: unknown, second: unknown): Failure {
  const message = typeof second === 'string' ? second : typeof first === 'string' ? first : ''
  if (typeof first === 'number' && Number.isSafeInteger(first)) return { code: first, message }
  return { code: MEANINGS.find(([words]) => words.test(message))?.[1] ?? 20, message }
}
