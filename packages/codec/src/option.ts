import { CodecError } from './errors.ts'
import type { Wire } from './wire.ts'

/** OPTION[T]: 0x00 for `undefined`, or 0x01 and the value. Any other prefix is refused. docs/wire.md §2. */
export function option<T>(item: Wire<T>): Wire<T | undefined> {
  return {
    name: `OPTION[${item.name}]`,
    minSize: 1,
    write(out, value) {
      const at = out.take(1)
      out.bytes[at] = value === undefined ? 0 : 1
      if (value !== undefined) item.write(out, value)
    },
    read(from) {
      const prefix = from.bytes[from.take(1)]!
      if (prefix === 0) return undefined
      if (prefix !== 1) throw new CodecError('bad-option', `prefix ${prefix}`)
      return item.read(from)
    },
  }
}
