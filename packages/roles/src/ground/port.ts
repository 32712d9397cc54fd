/** A door or an upstream of a role: what for, and its number where a role has several of the kind. */
export interface Port {
  readonly kind: string
  readonly index?: number | undefined
}

/** The one port of its kind that a role has. */
export interface SinglePort<Kind extends string> {
  readonly kind: Kind
  readonly index?: undefined
}

/** One of several ports of a kind. */
export interface NumberedPort<Kind extends string> {
  readonly kind: Kind
  readonly index: number
}

/** A port as log lines name it: `miners`, `upstream 0`. */
export function portName({ kind, index }: Port): string {
  return index === undefined ? kind : `${kind} ${index}`
}
