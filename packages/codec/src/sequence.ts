import { CodecError, inField, wrongType } from './errors.ts'
import { u8, u16 } from './primitives.ts'
import type { Wire } from './wire.ts'

function sequence<T>(name: string, count: Wire<number>, max: number, item: Wire<T>): Wire<readonly T[]> {
  const leastSize = Math.max(1, item.minSize)
  return {
    name: `${name}[${item.name}]`,
    minSize: count.minSize,
    write(out, values) {
      if (!Array.isArray(values)) throw wrongType(name, 'an array', values)
      if (values.length > max)
        throw new CodecError('over-long', `${values.length} elements, ${name} holds ${max}`)
      count.write(out, values.length)
      let index = 0
      try {
        for (; index < values.length; index++) item.write(out, values[index]!)
      } catch (error) {
        throw inField(error, `[${index}]`)
      }
    },
    read(from) {
      const length = count.read(from)
      // before anything is allocated: the count is the peer's word, the bytes are there or not
      if (length * leastSize > from.remaining) {
        throw new CodecError('truncated', `${length} elements announced, ${from.remaining} bytes left`)
      }
      const values: T[] = []
      let index = 0
      try {
        for (; index < length; index++) values.push(item.read(from))
      } catch (error) {
        throw inField(error, `[${index}]`)
      }
      return values
    },
  }
}

/** SEQ0_255[T]: up to 255 elements behind a one-byte count. */
export function seq0_255<T>(item: Wire<T>): Wire<readonly T[]> {
  return sequence('SEQ0_255', u8, 0xff, item)
}

/** SEQ0_64K[T]: up to 65 535 elements behind a two-byte count. */
export function seq0_64k<T>(item: Wire<T>): Wire<readonly T[]> {
  return sequence('SEQ0_64K', u16, 0xffff, item)
}
