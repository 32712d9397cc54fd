/**
 * Writes docs/messages.md: which message of which edition each role takes and sends, from the tables of
 * `packages/messages` and the sources of `packages/roles`. Which sources belong to a role: scripts/message-roles.ts.
 * Run: `npx tsx --conditions=@sv2/source scripts/make-message-table.ts`
 */
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { messageTable } from './message-table.ts'

writeFileSync(resolve(import.meta.dirname, '../docs/messages.md'), messageTable())
