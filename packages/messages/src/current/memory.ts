import type { TlvByteOrder } from '@sv2/codec'

/** What one connection remembers: which extensions are on, who asked for them, and how we write their fields. */
export class CurrentMemory {
  readonly tlvByteOrder: TlvByteOrder
  /** Extension 0x0002 is on. */
  tracksWorkers: boolean
  /** Extension 0x0003 is on. */
  distributesPayouts: boolean
  /** A client's last RequestExtensions. */
  asked: { readonly requestId: number; readonly extensions: readonly number[] } | undefined

  constructor(tlvByteOrder: TlvByteOrder) {
    this.tlvByteOrder = tlvByteOrder
    this.tracksWorkers = false
    this.distributesPayouts = false
    this.asked = undefined
  }
}
