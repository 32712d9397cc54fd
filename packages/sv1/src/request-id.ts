/**
 * The id of a request as its JSON text, to be echoed byte for byte: `1`, `"abc"`, `1.50`, `null`. Undefined when
 * the request has none; a number would lose `1.50` and what is above 2^53.
 */
export type RequestId = string | undefined

/** The longest id that is echoed, in characters. */
export const MAX_ID_LENGTH = 256

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COLON = 0x3a
const COMMA = 0x2c

/**
 * The source text of the last top-level `id` of a line. The line has been parsed: it is a JSON object that has
 * such a key, so the scan may take its syntax for granted.
 */
export function idSource(line: string): string {
  return plainIdSource(line) ?? scannedIdSource(line)
}

/** With one `"id"` in the line and no escape anywhere, that one is the key: nothing needs to be walked. */
function plainIdSource(line: string): string | undefined {
  const key = line.indexOf('"id"')
  if (key < 0 || line.indexOf('"id"', key + 4) >= 0 || line.indexOf('\\') >= 0) return undefined
  const from = skipSpace(line, key + 4)
  if (line.charCodeAt(from) !== COLON) return undefined
  const start = skipSpace(line, from + 1)
  return line.slice(start, endOfValue(line, start))
}

/** Walks the members of the object, and keeps the last value whose key reads `id`. */
function scannedIdSource(line: string): string {
  let source = ''
  let at = skipSpace(line, line.indexOf('{') + 1)
  while (line.charCodeAt(at) === QUOTE) {
    const keyEnd = endOfString(line, at)
    const isId = JSON.parse(line.slice(at, keyEnd)) === 'id'
    // past the key come white space, a colon and white space
    const start = skipSpace(line, skipSpace(line, keyEnd) + 1)
    const end = endOfValue(line, start)
    if (isId) source = line.slice(start, end)
    at = skipSpace(line, end)
    if (line.charCodeAt(at) === COMMA) at = skipSpace(line, at + 1)
  }
  return source
}

function skipSpace(line: string, from: number): number {
  let at = from
  while (isSpace(line.charCodeAt(at))) at++
  return at
}

function isSpace(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d)
}

/** Where the string that opens at `start` has closed. */
function endOfString(line: string, start: number): number {
  let at = start + 1
  while (at < line.length && line.charCodeAt(at) !== QUOTE) at += line.charCodeAt(at) === BACKSLASH ? 2 : 1
  return at + 1
}

/** Where the value that begins at `start` ends: counted brackets, no recursion. */
function endOfValue(line: string, start: number): number {
  const first = line.charCodeAt(start)
  if (first === QUOTE) return endOfString(line, start)
  if (!isOpening(first)) return endOfWord(line, start)
  let depth = 0
  let at = start
  while (at < line.length) {
    const code = line.charCodeAt(at)
    if (code === QUOTE) {
      at = endOfString(line, at)
      continue
    }
    at++
    if (isOpening(code)) depth++
    else if (isClosing(code) && --depth === 0) break
  }
  return at
}

function endOfWord(line: string, start: number): number {
  let at = start
  while (at < line.length) {
    const code = line.charCodeAt(at)
    if (code === COMMA || isClosing(code) || isSpace(code)) break
    at++
  }
  return at
}

function isOpening(code: number): boolean {
  return code === 0x7b || code === 0x5b
}

function isClosing(code: number): boolean {
  return code === 0x7d || code === 0x5d
}
