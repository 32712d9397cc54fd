// Writes docs/requirements.json from the checklist of the wire reference, docs/wire.md §9:
//   node --conditions=@sv2/source --import tsx scripts/make-requirements.ts
import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseRequirements } from './conformance/requirements.ts'

const root = resolve(import.meta.dirname, '..')
const requirements = parseRequirements(readFileSync(resolve(root, 'docs/wire.md'), 'utf8'))
const lines = Object.entries(requirements).map(
  ([id, entry]) => `  ${JSON.stringify(id)}: ${JSON.stringify(entry)}`,
)
writeFileSync(resolve(root, 'docs/requirements.json'), `{\n${lines.join(',\n')}\n}\n`)
process.stdout.write(`${lines.length} requirements\n`)
