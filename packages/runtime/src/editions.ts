import type { Edition } from '@sv2/messages'
import { current } from '@sv2/messages/current'
import { draft } from '@sv2/messages/draft'

/** Names of the wire's editions, as configs spell them. */
export type EditionName = 'current' | 'draft'

/** The edition of a name: the only place where the two meet. */
export const EDITIONS: Readonly<Record<EditionName, Edition>> = { current, draft }
