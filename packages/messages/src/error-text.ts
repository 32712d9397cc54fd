import { CodecError, type Wire } from '@sv2/codec'

/**
 * A text field that holds an error or reason code: no control characters go out (docs/wire.md §5, ERR-07).
 * Whatever comes in is kept as it is.
 */
export function errorText(wire: Wire<string>): Wire<string> {
  return {
    ...wire,
    write(out, value) {
      // what is not a text is refused by `wire`
      if (typeof value === 'string' && hasControlCharacter(value))
        throw new CodecError('bad-string', 'a code holds a control character')
      wire.write(out, value)
    },
  }
}

/** A peer's code made fit to be passed on: each control character becomes a question mark. */
export function withoutControlCharacters(code: string): string {
  return hasControlCharacter(code)
    ? Array.from(code, (char) => (isControl(char) ? '?' : char)).join('')
    : code
}

function hasControlCharacter(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    if (isControl(text.charAt(index))) return true
  }
  return false
}

function isControl(char: string): boolean {
  const unit = char.charCodeAt(0)
  return unit < 0x20 || (unit >= 0x7f && unit < 0xa0)
}
