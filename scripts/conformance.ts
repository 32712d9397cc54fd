// Prints which requirements the last test run proved: a table by group, with `--json` the whole as JSON and nothing
// else, with `--counts` the numbers alone.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Conformance, judge, type Standing } from './conformance/claim.ts'
import type { Requirements } from './conformance/requirements.ts'
import { readResults } from './conformance/results.ts'
import { readUntestable } from './conformance/untestable.ts'

const file = resolve(import.meta.dirname, '../docs/requirements.json')
const requirements = JSON.parse(readFileSync(file, 'utf8')) as Requirements
const results = readResults()
const untestable = readUntestable()
const { conformance, problems } = judge(
  requirements,
  results.flatMap(({ claims }) => claims),
)

if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify(conformance, undefined, 2)}\n`)
else process.stdout.write(table(conformance, { listOpen: !process.argv.includes('--counts') }))
if (results.length === 0) process.stderr.write('no test run left results: run `npm run conformance`\n')
for (const problem of problems) process.stderr.write(`wrong claim in a test title: ${problem}\n`)

const failing = Object.values(conformance).some((editions) => Object.values(editions).includes('failing'))
process.exitCode = failing || problems.length > 0 || results.length === 0 ? 1 : 0

function table(all: Conformance, { listOpen }: { readonly listOpen: boolean }): string {
  const groups = new Map<string, Record<Standing, string[]>>()
  for (const [id, editions] of Object.entries(all)) {
    const name = id.slice(0, id.indexOf('-'))
    const group = groups.get(name) ?? { proven: [], failing: [], open: [] }
    groups.set(name, group)
    for (const [edition, state] of Object.entries(editions)) group[state].push(`${id} (${edition})`)
  }
  const rows = [...groups].map(([name, group]) => row(name, group.proven, group.failing, group.open))
  const sum = (state: Standing): string[] => [...groups.values()].flatMap((group) => group[state])
  const lines = [
    'group   proven failing    open',
    ...rows,
    row('all', sum('proven'), sum('failing'), sum('open')),
  ]
  for (const entry of sum('failing')) lines.push(`failing  ${entry}`)
  if (listOpen) for (const entry of sum('open')) lines.push(openLine(entry))
  return `${lines.join('\n')}\n`
}

/** What is open, and where no test can close it, why. */
function openLine(entry: string): string {
  const why = untestable.get(entry) ?? untestable.get(entry.slice(0, entry.indexOf(' ')))
  const text = `${entry}  ${textOf(entry)}`
  return why === undefined ? `open     ${text}` : `no test  ${text}: ${why}`
}

function row(name: string, ...columns: readonly (readonly string[])[]): string {
  return `${name.padEnd(6)}${columns.map(({ length }) => String(length).padStart(8)).join('')}`
}

function textOf(entry: string): string {
  return requirements[entry.slice(0, entry.indexOf(' '))]?.text ?? ''
}
