const MAX_IDENTITY_BYTES = 255

/**
 * Who we are to an upstream, from who a miner is to us: `{identity}` is all of what the miner said, `{user}` what
 * stands before its first dot, `{worker}` what stands behind it. At most 255 bytes of UTF-8.
 */
export function fillIdentity(template: string, identity: string): string {
  const dot = identity.indexOf('.')
  const parts: Readonly<Record<string, string>> = {
    identity,
    user: dot < 0 ? identity : identity.slice(0, dot),
    worker: workerOf(identity),
  }
  const filled = template.replace(/\{(identity|user|worker)\}/g, (_, name: string) => parts[name] ?? '')
  return shortened(filled, MAX_IDENTITY_BYTES)
}

/** The worker's name in an identity: what stands behind the first dot; empty when it names none. */
export function workerOf(identity: string): string {
  const dot = identity.indexOf('.')
  return dot < 0 ? '' : identity.slice(dot + 1)
}

/** A text without its end, where it is longer than so many bytes of UTF-8; no character is cut. */
export function shortened(text: string, maxBytes: number): string {
  let bytes = 0
  let end = 0
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x1_0000 ? 3 : 4
    if (bytes > maxBytes) return text.slice(0, end)
    end += character.length
  }
  return text
}
