import { decodeText, encodeFrameOf } from '@sv2/codec'
import fc from 'fast-check'
import type { EditionWithTable } from './index.ts'
import type { Spelling } from './spelling.ts'

/** Values for fields that a translation narrows: `Message.field` or just `field`. */
export type Overrides = Readonly<Record<string, fc.Arbitrary<unknown>>>

const INTEGERS: Readonly<Record<string, number>> = { U8: 0xff, U16: 0xffff, U24: 0xff_ffff, U32: 0xffff_ffff }
const FIXED: Readonly<Record<string, number>> = { U256: 32, B32: 32, B8: 8 }
const SIZED: Readonly<Record<string, number>> = {
  B0_31: 31,
  B0_32: 32,
  B0_255: 255,
  B0_64K: 300,
  B0_16M: 300,
}

/** Any frame an honest sender of this edition may write. */
export function arbitraryFrame<M>(
  edition: EditionWithTable<M>,
  overrides: Overrides,
): fc.Arbitrary<{ spelling: Spelling<M>; frame: Uint8Array }> {
  const each = edition.table.spellings.map((spelling) => {
    const { fields, wire, extensionType, channelMsg, number, name } = spelling.declaration
    const values = Object.entries(fields).map(([field, { name: type }]) => [
      field,
      overrides[`${name}.${field}`] ?? overrides[field] ?? valueOfType(type),
    ])
    return fc.record(Object.fromEntries(values)).map((value) => ({
      spelling,
      frame: encodeFrameOf({ extensionType, channelMsg, msgType: number }, wire, {
        type: name,
        ...value,
      } as never),
    }))
  })
  return fc.oneof(...each)
}

function valueOfType(type: string): fc.Arbitrary<unknown> {
  const [, shape, inner] = /^(\w+)\[(.*)\]$/.exec(type) ?? []
  if (shape === 'OPTION') return fc.option(valueOfType(inner!), { nil: undefined })
  if (inner !== undefined) return fc.array(valueOfType(inner), { maxLength: 5 })
  if (type in INTEGERS) return fc.integer({ min: 0, max: INTEGERS[type]! })
  if (type in FIXED) return fc.uint8Array({ minLength: FIXED[type]!, maxLength: FIXED[type]! })
  if (type in SIZED) return fc.uint8Array({ maxLength: SIZED[type]! })
  if (type === 'STR0_32' || type === 'STR0_255') {
    return fc.uint8Array({ maxLength: type === 'STR0_32' ? 32 : 255 }).map(decodeText)
  }
  if (type === 'U64') return fc.bigInt({ min: 0n, max: (1n << 64n) - 1n })
  if (type === 'BOOL') return fc.boolean()
  if (type === 'F32') return fc.float({ noNaN: true })
  throw new Error(`no values for ${type}`)
}
