import { type EditionWithTable, makeEdition } from '../make-edition.ts'
import { CurrentMemory } from './memory.ts'
import { plainSpellings, specialSpellings } from './spellings.ts'

/** The published specification of 2026. docs/wire.md §1.1. */
export const current: EditionWithTable<CurrentMemory> = makeEdition({
  name: 'current',
  capabilities: {
    // BIP 323
    versionRollingMask: 0x1fffffe0,
    maxExtranonceSize: 32,
    takesGroupJobs: true,
    groupsExtendedChannels: true,
    extensions: true,
    jobDialogue: 'declare',
  },
  spellings: [...plainSpellings, ...specialSpellings],
  tail: 'ignored',
  newMemory: (tlvByteOrder) => new CurrentMemory(tlvByteOrder),
})
