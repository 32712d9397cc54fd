/** An error code that a peer sent, fit for a log line: codes are short words with hyphens, and nothing else is shown. */
export function readableCode(code: string): string {
  return /^[a-z0-9-]{1,64}$/.test(code) ? code : 'unreadable'
}
