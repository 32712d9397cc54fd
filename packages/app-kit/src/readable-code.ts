import { withoutControlCharacters } from '@sv2/messages'

/** Characters of a text with a peer's words in it that are shown. */
const LONGEST = 200

/** An error code that a peer sent, fit for a log line: codes are short words with hyphens, and nothing else is shown. */
export function readableCode(code: string): string {
  return /^[a-z0-9-]{1,64}$/.test(code) ? code : 'unreadable'
}

/** A text with a peer's words in it, fit for a log line: short, and without control characters. */
export function readableText(text: string): string {
  return withoutControlCharacters(text.slice(0, LONGEST))
}
