import { inField } from './errors.ts'
import type { ValueOf, Wire } from './wire.ts'

/** Named fields in wire order. */
// biome-ignore lint/suspicious/noExplicitAny: only a constraint; StructOf recovers each field's own type
export type Fields = Readonly<Record<string, Wire<any>>>

/** The value of a structure: one readonly property per field. */
export type StructOf<F extends Fields> = { readonly [K in keyof F]: ValueOf<F[K]> }

/** Flattens an intersection, so that editors show the fields. */
type Flat<T> = { readonly [K in keyof T]: T[K] }

/**
 * A message body: named fields in wire order. Properties of `head` stand in front of every decoded value
 * and are not on the wire. A plain walk over a plan made once, no generated code: bench/struct.bench.ts.
 */
export function struct<F extends Fields, const H extends object = object>(
  fields: F,
  head?: H,
): Wire<Flat<H & StructOf<F>>> {
  type Value = Flat<H & StructOf<F>>
  const names = Object.keys(fields)
  const wires = Object.values(fields)
  const count = wires.length
  // every decoded value starts as a copy of this one, so that all share one hidden class
  const blank: Record<string, unknown> = { ...head }
  for (const name of names) blank[name] = undefined
  return {
    name: 'STRUCT',
    minSize: wires.reduce((sum, wire) => sum + wire.minSize, 0),
    write(out, value) {
      const source = value as Record<string, unknown>
      let index = 0
      // one try around the walk: the index tells the field, and the hot path makes no closure
      try {
        for (; index < count; index++) wires[index]!.write(out, source[names[index]!])
      } catch (error) {
        throw inField(error, names[index]!)
      }
    },
    read(from) {
      const value = { ...blank }
      let index = 0
      try {
        for (; index < count; index++) value[names[index]!] = wires[index]!.read(from)
      } catch (error) {
        throw inField(error, names[index]!)
      }
      return value as Value
    },
  }
}
