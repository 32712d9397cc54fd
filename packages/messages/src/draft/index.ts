import { plainSpellings } from '../current/spellings.ts'
import type { Capabilities } from '../edition.ts'
import { type EditionWithTable, makeEdition } from '../make-edition.ts'
import type { MessageType } from '../message.ts'
import type { Spelling } from '../spelling.ts'
import { DraftMemory } from './memory.ts'
import { draftSpellings, spellingsOf2020, spellingsOf2022 } from './spellings.ts'

/** Messages that came after the draft. */
const LATER: ReadonlySet<MessageType> = new Set([
  'DeclareMiningJob',
  'DeclareMiningJob.Success',
  'DeclareMiningJob.Error',
  'PushSolution',
])

const CAPABILITIES: Capabilities = {
  // BIP 320
  versionRollingMask: 0x1fffe000,
  // O-06
  maxExtranonceSize: 31,
  takesGroupJobs: true,
  groupsExtendedChannels: false,
  extensions: false,
  jobDialogue: 'commit',
}

/** The BIP draft of 2019–2022: what it shares with the current edition, and its own. docs/wire.md §1.1. */
export const draft: EditionWithTable<DraftMemory> = draftWith({})

/** The same to clients of the first public implementation, of March 2020: it asks for no group jobs and reads none. */
export const draftOf2020: EditionWithTable<DraftMemory> = draftWith({
  capabilities: { ...CAPABILITIES, takesGroupJobs: false },
  instead: spellingsOf2020,
})

/** The same with the reference implementation of 2022, which has the bit of channel messages at the other end. */
export const draftOf2022: EditionWithTable<DraftMemory> = draftWith({
  instead: spellingsOf2022,
  alsoCore: 0x0001,
})

function draftWith({
  capabilities = CAPABILITIES,
  instead = [],
  ...reading
}: {
  readonly capabilities?: Capabilities
  readonly instead?: readonly Spelling<DraftMemory>[]
  readonly alsoCore?: number
}): EditionWithTable<DraftMemory> {
  const own = replaced(draftSpellings, instead)
  return makeEdition<DraftMemory>({
    name: 'draft',
    capabilities,
    spellings: replaced(plainSpellings, own).filter(({ type }) => !LATER.has(type)),
    tail: 'refused',
    newMemory: () => new DraftMemory(),
    ...reading,
  })
}

function replaced<M>(spellings: readonly Spelling<M>[], by: readonly Spelling<M>[]): readonly Spelling<M>[] {
  const types = new Set(by.map(({ type }) => type))
  return [...spellings.filter(({ type }) => !types.has(type)), ...by]
}

export { DRAFT_ERROR_CODES, PARAMETER_CODE } from './error-codes.ts'
