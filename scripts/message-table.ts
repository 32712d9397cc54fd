import { current } from '../packages/messages/src/current/index.ts'
import { draft } from '../packages/messages/src/draft/index.ts'
import { type Area, describeMessages, type MessageDescription } from '../packages/messages/src/index.ts'
import { type Handling, handlingOf, roles } from './message-roles.ts'

const AREAS: Readonly<Record<Area, string>> = {
  common: 'Every connection',
  extensions: 'Extensions',
  mining: 'Mining',
  negotiation: 'Job negotiation and declaration',
  templates: 'Template distribution',
}

const HEAD = `# Messages

Which messages each role takes (\`in\`) and sends (\`out\`). Written by \`scripts/make-message-table.ts\` from the tables of
\`packages/messages\` and the sources of \`packages/roles\`; a test compares. Proxies pass messages on: what they take from
one side they may send to the other with nothing but ids changed, which counts as \`in\`. Numbers are those of the wire;
where the editions differ, the draft's name and number stand behind a slash, and \`–\` says that an edition has none.

`

/** The page docs/messages.md. */
export function messageTable(): string {
  const rows = rowsOf()
  const columns = roles.map((role) => ({ name: role.name, handling: handlingOf(role) }))
  const sections = (Object.keys(AREAS) as Area[]).map((area) => {
    const own = rows.filter(({ message }) => message.area === area)
    const used = columns.filter(({ handling }) => own.some(({ message }) => cell(handling(message)) !== ''))
    const head = ['message', 'number', 'to', ...used.map(({ name }) => name)]
    const lines = own.map(({ message, name, number }) => [
      name,
      number,
      { 'to-server': 'server', 'to-client': 'client', both: 'both' }[message.direction],
      ...used.map(({ handling }) => cell(handling(message))),
    ])
    return `## ${AREAS[area]}\n\n${[head, head.map(() => '---'), ...lines].map(line).join('\n')}\n`
  })
  return HEAD + sections.join('\n')
}

interface Row {
  readonly message: MessageDescription
  /** As both editions call it. */
  readonly name: string
  readonly number: string
}

/** A row for each domain message, by number. */
function rowsOf(): readonly Row[] {
  const inDraft = new Map(describeMessages(draft).map((message) => [message.type, message]))
  const inCurrent = describeMessages(current)
  const known = new Set(inCurrent.map(({ type }) => type))
  const onlyDraft = [...inDraft.values()].filter(({ type }) => !known.has(type))
  return [
    ...inCurrent.map((message) => row(message, message, inDraft.get(message.type))),
    ...onlyDraft.map((message) => row(message, undefined, message)),
  ]
}

function row(
  message: MessageDescription,
  one: MessageDescription | undefined,
  other: MessageDescription | undefined,
): Row {
  return {
    message,
    name: one?.name === other?.name ? `\`${message.name}\`` : slashed(quoted(one), quoted(other)),
    number: slashed(numberOf(one), numberOf(other)),
  }
}

function quoted(message: MessageDescription | undefined): string {
  return message === undefined ? '–' : `\`${message.name}\``
}

function numberOf(message: MessageDescription | undefined): string {
  return message === undefined ? '–' : `0x${message.number.toString(16).padStart(2, '0')}`
}

function slashed(one: string, other: string): string {
  return one === other ? one : `${one} / ${other}`
}

function cell({ takes, sends }: Handling): string {
  return [...(takes ? ['in'] : []), ...(sends ? ['out'] : [])].join(', ')
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`.replaceAll('|  |', '| |').replaceAll('|  |', '| |')
}
