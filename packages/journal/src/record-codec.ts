import { HEADER_SIZE } from '@sv2/bitcoin'
import type { ByteWriter } from './byte-writer.ts'
import { JournalError } from './journal-error.ts'
import { RecordReader } from './record-reader.ts'
import type {
  AddressRecord,
  BlockRecord,
  JobRecord,
  JournalRecord,
  PaymentRecord,
  ShareRecord,
} from './records.ts'
import { readShare, SHARE } from './share-codec.ts'

const SOURCES = ['share', 'chain'] as const

/** The number of each kind of record on disk. Numbers are never used again. */
const KINDS = {
  account: 1,
  worker: 2,
  job: 3,
  share: SHARE,
  tip: 5,
  block: 6,
  chain: 7,
  payment: 8,
  terms: 9,
  address: 10,
} as const satisfies Record<JournalRecord['kind'], number>

/** The number of a record's kind. */
export function kindNumber(record: JournalRecord): number {
  return KINDS[record.kind]
}

/** Writes a record's fields, without its frame. @throws {RangeError} when a field does not fit. */
export function writeRecord(out: ByteWriter, record: Exclude<JournalRecord, ShareRecord>): void {
  switch (record.kind) {
    case 'account':
      out.u32(record.account)
      out.sized(new TextEncoder().encode(record.name), 1)
      return out.sized(record.script, 2)
    case 'worker':
      out.u32(record.worker)
      return out.sized(new TextEncoder().encode(record.name), 1)
    case 'job':
      return writeJob(out, record)
    case 'tip':
      out.count(record.time)
      out.u32(record.height)
      out.bytes(sizedExactly(record.prevHash, 32))
      return out.u32(record.nbits)
    case 'block':
      return writeBlock(out, record)
    case 'chain':
      out.count(record.time)
      out.bytes(sizedExactly(record.hash, 32))
      return out.u32(record.confirmations)
    case 'payment':
      return writePayment(out, record)
    case 'address':
      return writeAddress(out, record)
    case 'terms':
      out.count(record.time)
      return out.sized(new TextEncoder().encode(record.terms), 4)
    default:
      throw new TypeError(`no record: ${JSON.stringify(record satisfies never)}`)
  }
}

/** Reads a record's fields. @throws {JournalError} malformed. */
export function readRecord(kind: number, fields: Uint8Array): JournalRecord {
  const reader = new RecordReader(fields)
  const record = readFields(kind, reader)
  reader.end()
  return record
}

function readFields(kind: number, from: RecordReader): JournalRecord {
  switch (kind) {
    case KINDS.share:
      return readShare(from)
    case KINDS.account:
      return { kind: 'account', account: from.u32(), name: text(from.sized(1)), script: from.sized(2) }
    case KINDS.worker:
      return { kind: 'worker', worker: from.u32(), name: text(from.sized(1)) }
    case KINDS.job:
      return readJob(from)
    case KINDS.tip:
      return {
        kind: 'tip',
        time: from.count(),
        height: from.u32(),
        prevHash: from.bytes(32),
        nbits: from.u32(),
      }
    case KINDS.block:
      return readBlock(from)
    case KINDS.chain:
      return { kind: 'chain', time: from.count(), hash: from.bytes(32), confirmations: from.u32() }
    case KINDS.payment:
      return readPayment(from)
    case KINDS.address:
      return readAddress(from)
    case KINDS.terms:
      return { kind: 'terms', time: from.count(), terms: text(from.sized(4)) }
    default:
      throw new JournalError('malformed', `a record of kind ${kind}`)
  }
}

function writeJob(out: ByteWriter, job: JobRecord): void {
  out.u32(job.job)
  out.count(job.time)
  out.u64(job.distributionId)
  out.u8(job.isOwn ? 1 : 0)
  out.u64(job.value)
  out.sized(job.coinbasePrefix, 1)
  out.sized(job.coinbaseSuffix, 4)
  if (job.merklePath.length > 255) throw new RangeError(`a merkle path of ${job.merklePath.length}`)
  out.u8(job.merklePath.length)
  for (const node of job.merklePath) out.bytes(sizedExactly(node, 32))
}

function readJob(from: RecordReader): JobRecord {
  return {
    kind: 'job',
    job: from.u32(),
    time: from.count(),
    distributionId: from.u64(),
    isOwn: from.bool(),
    value: from.u64(),
    coinbasePrefix: from.sized(1),
    coinbaseSuffix: from.sized(4),
    merklePath: Array.from({ length: from.u8() }, () => from.bytes(32)),
  }
}

function writeBlock(out: ByteWriter, block: BlockRecord): void {
  out.count(block.time)
  out.u32(block.height)
  out.bytes(sizedExactly(block.hash, 32))
  out.u32(block.account)
  out.u32(block.worker)
  out.u64(block.distributionId)
  out.sized(block.coinbase, 4)
  out.bytes(sizedExactly(block.header, HEADER_SIZE))
  out.u8(SOURCES.indexOf(block.source))
}

function readBlock(from: RecordReader): BlockRecord {
  const block = {
    kind: 'block',
    time: from.count(),
    height: from.u32(),
    hash: from.bytes(32),
    account: from.u32(),
    worker: from.u32(),
    distributionId: from.u64(),
    coinbase: from.sized(4),
    header: from.bytes(HEADER_SIZE),
  } as const
  const source = SOURCES[from.u8()]
  if (source === undefined) throw new JournalError('malformed', 'a block from nowhere')
  return { ...block, source }
}

function writePayment(out: ByteWriter, payment: PaymentRecord): void {
  out.count(payment.time)
  out.bytes(sizedExactly(payment.txid, 32))
  out.u32(payment.paid.length)
  for (const { account, value } of payment.paid) {
    out.u32(account)
    out.u64(value)
  }
}

function readPayment(from: RecordReader): PaymentRecord {
  const time = from.count()
  const txid = from.bytes(32)
  const count = from.u32()
  const paid: { account: number; value: bigint }[] = []
  for (let n = 0; n < count; n++) paid.push({ account: from.u32(), value: from.u64() })
  return { kind: 'payment', time, txid, paid }
}

function writeAddress(out: ByteWriter, address: AddressRecord): void {
  out.count(address.time)
  out.sized(new TextEncoder().encode(address.name), 1)
  out.sized(address.script, 2)
  out.count(address.signedAt)
  if (address.signatures.length > 255) throw new RangeError(`${address.signatures.length} signatures`)
  out.u8(address.signatures.length)
  for (const signature of address.signatures) out.sized(new TextEncoder().encode(signature), 2)
}

function readAddress(from: RecordReader): AddressRecord {
  return {
    kind: 'address',
    time: from.count(),
    name: text(from.sized(1)),
    script: from.sized(2),
    signedAt: from.count(),
    signatures: Array.from({ length: from.u8() }, () => text(from.sized(2))),
  }
}

function sizedExactly(bytes: Uint8Array, size: number): Uint8Array {
  if (bytes.length !== size) throw new RangeError(`${bytes.length} bytes, not ${size}`)
  return bytes
}

/** @throws {JournalError} malformed, on bytes that are not UTF-8 */
function text(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new JournalError('malformed', 'a name that is not UTF-8')
  }
}
