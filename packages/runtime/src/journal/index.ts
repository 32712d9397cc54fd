export { JournalFolderError, type OpenedFolder, openJournalFolder } from './journal-folder.ts'
export { JournalTail, type TailOptions } from './journal-tail.ts'
export {
  type JournalObserver,
  type JournalPosition,
  type JournalSettings,
  JournalWriter,
} from './journal-writer.ts'
export { isSegment, segmentNumbers, segmentPath } from './segment-files.ts'
export { SegmentReader, type StoredFrame } from './segment-reader.ts'
export {
  type IgnoredSnapshot,
  type JournalSnapshot,
  snapshotSegments,
  snapshotsOf,
  writeSnapshot,
} from './snapshot-files.ts'
