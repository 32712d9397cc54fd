import type { TlvByteOrder } from '@sv2/codec'

/** What one connection remembers: whether extension 0x0002 is on, and how we write its fields. */
export class CurrentMemory {
  readonly tlvByteOrder: TlvByteOrder
  tracksWorkers: boolean

  constructor(tlvByteOrder: TlvByteOrder) {
    this.tlvByteOrder = tlvByteOrder
    this.tracksWorkers = false
  }
}
