import type { Reader, Writer } from './cursor.ts'

/** One data type: how values of `T` stand on the wire. */
export interface Wire<T> {
  /** The specification's spelling, such as `U32` or `SEQ0_255[U256]`. */
  readonly name: string
  /** The least number of bytes a value takes; sequence counts are capped with it. */
  readonly minSize: number
  /** Appends `value`. @throws {CodecError} when it does not fit the type. */
  write(out: Writer, value: T): void
  /** Takes one value off. @throws {CodecError} when the bytes hold none. */
  read(from: Reader): T
}

/** The value type of a data type: `ValueOf<typeof u32>` is `number`. */
export type ValueOf<W> = W extends Wire<infer T> ? T : never
