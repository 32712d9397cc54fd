import type { Message } from '@sv2/messages'

/** A copy of a message that owns its bytes. What a speller decodes are views into a buffer of the network. */
export function owned<M extends Message>(message: M): M {
  const copy: Record<string, unknown> = {}
  for (const [field, value] of Object.entries(message)) copy[field] = ownedValue(value)
  return copy as M
}

function ownedValue(value: unknown): unknown {
  if (value instanceof Uint8Array) return value.slice()
  return Array.isArray(value) ? value.map(ownedValue) : value
}
