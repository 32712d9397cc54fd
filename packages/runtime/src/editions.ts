import type { Edition } from '@sv2/messages'
import { current } from '@sv2/messages/current'
import { draft, draftOf2020, draftOf2022 } from '@sv2/messages/draft'
import type { DraftReading } from './draft-certificate.ts'

/** Names of the wire's editions, as configs spell them. */
export type EditionName = 'current' | 'draft'

/** The edition of a name: the only place where the two meet. */
export const EDITIONS: Readonly<Record<EditionName, Edition>> = { current, draft }

/** As servers speak the draft to what was built from it: some messages are read in one way alone. */
export const DRAFTS: Readonly<Record<DraftReading, Edition>> = {
  seeds: draft,
  2020: draftOf2020,
  2022: draftOf2022,
}

/** As clients speak to servers that wait for the prelude of 2022. */
export const WITH_PRELUDE: Edition = DRAFTS[2022]
