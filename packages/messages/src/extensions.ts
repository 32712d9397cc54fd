import type {
  RequestExtensions,
  RequestExtensionsError,
  RequestExtensionsSuccess,
} from './current/extensions.ts'

/** What a server offers and insists on. Every required extension is supported too. */
export interface ExtensionPolicy {
  readonly supported: ReadonlySet<number>
  readonly required: ReadonlySet<number>
}

/** Ids that we do not know, listed in an answer; a request may name 32,000. */
const MOST_UNKNOWN = 64

/**
 * The answer to a RequestExtensions. docs/wire.md §6.5. Its cost grows with the extensions that we know, not with those
 * that the client asks for.
 */
export function answerRequestExtensions(
  request: RequestExtensions,
  policy: ExtensionPolicy,
): RequestExtensionsSuccess | RequestExtensionsError {
  const { requestId, requestedExtensions: requested } = request
  const supportedExtensions = [...policy.supported].filter((id) => requested.includes(id))
  const requiredExtensions = [...policy.required].filter((id) => !requested.includes(id))
  const noneSupported = requested.length > 0 && supportedExtensions.length === 0
  if (requiredExtensions.length === 0 && !noneSupported)
    return { type: 'RequestExtensions.Success', requestId, supportedExtensions }
  const unsupportedExtensions = [...new Set(requested.slice(0, MOST_UNKNOWN))].filter(
    (id) => !policy.supported.has(id),
  )
  return { type: 'RequestExtensions.Error', requestId, unsupportedExtensions, requiredExtensions }
}

/**
 * Whether a client that goes on to other messages may stay: everything required is negotiated. `negotiated` is
 * the list of our last RequestExtensions.Success, undefined if there was none. A server disconnects the others.
 */
export function mayGoOn(policy: ExtensionPolicy, negotiated: readonly number[] | undefined): boolean {
  return [...policy.required].every((id) => negotiated?.includes(id) === true)
}

/** What a client does after the answer to its RequestExtensions. */
export type ExtensionsOutcome =
  /** Goes on with these, and only these. */
  | { readonly kind: 'negotiated'; readonly extensions: readonly number[] }
  /** Asks again, for these. */
  | { readonly kind: 'retry'; readonly extensions: readonly number[] }
  /** Goes on without extensions. */
  | { readonly kind: 'without' }
  /** Cannot stay: the server requires what we do not have, or what it has just refused to confirm. */
  | { readonly kind: 'incompatible'; readonly requiredExtensions: readonly number[] }

/** Reads the answer to `request` as a client that has `available` extensions. docs/wire.md §6.5. */
export function readExtensionsAnswer(
  request: RequestExtensions,
  answer: RequestExtensionsSuccess | RequestExtensionsError,
  available: ReadonlySet<number>,
): ExtensionsOutcome {
  const requested = new Set(request.requestedExtensions)
  if (answer.type === 'RequestExtensions.Success') {
    return { kind: 'negotiated', extensions: answer.supportedExtensions.filter((id) => requested.has(id)) }
  }
  const { requiredExtensions, unsupportedExtensions } = answer
  if (requiredExtensions.length === 0) return { kind: 'without' }
  if (!requiredExtensions.every((id) => available.has(id) && !requested.has(id))) {
    return { kind: 'incompatible', requiredExtensions }
  }
  const kept = [...requested].filter((id) => !unsupportedExtensions.includes(id))
  return { kind: 'retry', extensions: [...new Set([...kept, ...requiredExtensions])] }
}
