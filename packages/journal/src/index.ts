export { ByteWriter } from './byte-writer.ts'
export { crc32c } from './crc32c.ts'
export {
  appendFrame,
  appendShare,
  appendWrittenShare,
  type Entry,
  encodeFrame,
  FRAME_HEADER_SIZE,
  type Frame,
  frameEnd,
  MAX_RECORD_SIZE,
  readFrame,
} from './frames.ts'
export { JournalError, type JournalErrorCode } from './journal-error.ts'
export type {
  AccountRecord,
  AddressRecord,
  BlockRecord,
  ChainRecord,
  JobRecord,
  JournalRecord,
  PaymentRecord,
  ShareRecord,
  TermsRecord,
  TipRecord,
  WorkerRecord,
} from './records.ts'
export {
  decodeSegmentHeader,
  encodeSegmentHeader,
  JOURNAL_VERSION,
  SEGMENT_HEADER_SIZE,
  type SegmentHeader,
} from './segment.ts'
export {
  chainRoot,
  inclusionProof,
  leafHash,
  provesInclusion,
  RECORDS_PER_LEAF,
  RecordLeaves,
  SegmentRootMaker,
  SegmentTree,
  type Sha256,
} from './segment-tree.ts'
export {
  appendShareFields,
  encodeShareTerms,
  SHARE_SIZE,
  type SharePlaces,
  type ShareTerms,
} from './share-codec.ts'
