const encoder = new TextEncoder()

/** Above this TextEncoder is faster than a loop over the characters. */
const SHORT = 64

/** The UTF-8 bytes of a text, for a line that already ends with its line feed. */
export function encodeLine(text: string): Uint8Array {
  if (text.length > SHORT) return encoder.encode(text)
  const bytes = new Uint8Array(text.length)
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    if (unit >= 0x80) return encoder.encode(text)
    bytes[index] = unit
  }
  return bytes
}
