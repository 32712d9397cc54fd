import type { TlvByteOrder } from '@sv2/codec'

/** What one connection remembers: whether extension 0x0002 is on, who asked for it, and how we write its fields. */
export class CurrentMemory {
  readonly tlvByteOrder: TlvByteOrder
  tracksWorkers: boolean
  /** A client's last RequestExtensions: its id, and whether 0x0002 was in it. */
  asked: { readonly requestId: number; readonly forWorkers: boolean } | undefined

  constructor(tlvByteOrder: TlvByteOrder) {
    this.tlvByteOrder = tlvByteOrder
    this.tracksWorkers = false
    this.asked = undefined
  }
}
