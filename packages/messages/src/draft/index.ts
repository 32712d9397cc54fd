import { plainSpellings } from '../current/spellings.ts'
import { type EditionWithTable, makeEdition } from '../make-edition.ts'
import type { MessageType } from '../message.ts'
import { DraftMemory } from './memory.ts'
import { draftSpellings } from './spellings.ts'

/** Messages that came after the draft. */
const LATER: ReadonlySet<MessageType> = new Set([
  'DeclareMiningJob',
  'DeclareMiningJob.Success',
  'DeclareMiningJob.Error',
  'PushSolution',
])

const ownTypes = new Set(draftSpellings.map(({ type }) => type))

/** The BIP draft of 2019–2022: what it shares with the current edition, and its own spellings. editions.md §1.1. */
export const draft: EditionWithTable<DraftMemory> = makeEdition<DraftMemory>({
  name: 'draft',
  capabilities: {
    // BIP 320
    versionRollingMask: 0x1fffe000,
    // O-06
    maxExtranonceSize: 31,
    groupsExtendedChannels: false,
    extensions: false,
    jobDialogue: 'commit',
  },
  spellings: [
    ...plainSpellings.filter(({ type }) => !LATER.has(type) && !ownTypes.has(type)),
    ...draftSpellings,
  ],
  tail: 'refused',
  newMemory: () => new DraftMemory(),
})

export { DRAFT_ERROR_CODES, PARAMETER_CODE } from './error-codes.ts'
