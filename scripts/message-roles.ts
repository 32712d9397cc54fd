import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Area, Direction } from '../packages/messages/src/index.ts'

/** Folder of the roles' sources. */
const ROLES = resolve(import.meta.dirname, '../packages/roles/src')

/** Where the answer to a request for extensions is written, for all roles that give one. */
const EXTENSIONS = resolve(import.meta.dirname, '../packages/messages/src/extensions.ts')

/** A role of the table: where its sources begin, and on which side of which sub-protocol it stands. */
export interface RoleSources {
  readonly name: string
  /** Folders or files below `packages/roles/src`; what they import from there belongs to them. */
  readonly from: readonly string[]
  /** Sub-protocols it is the server of, and those it is the client of. */
  readonly serves: readonly Area[]
  readonly uses: readonly Area[]
}

/** Every role, in the order of the columns. */
export const roles: readonly RoleSources[] = [
  { name: 'pool', from: ['pool'], serves: ['mining'], uses: ['templates', 'negotiation'] },
  { name: 'template provider', from: ['provider'], serves: ['templates'], uses: [] },
  { name: 'proxy, transparent', from: ['relay'], serves: ['mining'], uses: ['mining'] },
  { name: 'proxy, aggregating', from: ['aggregator'], serves: ['mining'], uses: ['mining'] },
  { name: 'translator V1 → V2', from: ['translator/v1-to-v2.ts'], serves: ['mining'], uses: ['mining'] },
  { name: 'translator V2 → V1', from: ['translator/v2-to-v1'], serves: ['mining'], uses: [] },
  {
    name: 'negotiator, server',
    from: ['negotiator/server'],
    serves: ['negotiation'],
    uses: ['mining', 'templates'],
  },
  {
    name: 'negotiator, client',
    from: ['negotiator/client'],
    serves: ['mining'],
    uses: ['mining', 'negotiation', 'templates'],
  },
  { name: 'device', from: ['device'], serves: [], uses: ['mining'] },
]

/** What a role does with a message. */
export interface Handling {
  readonly takes: boolean
  readonly sends: boolean
}

/**
 * What a role does with messages, from its sources: it takes what it asks the type of (`case 'X'`, `=== 'X'`), and sends
 * what it writes the type of (`type: 'X'`), where its side of the sub-protocol may do so.
 */
export function handlingOf(
  role: RoleSources,
): (message: { readonly type: string; readonly area: Area; readonly direction: Direction }) => Handling {
  const own = closure(role.from.flatMap(filesAt))
  const shared = own.some((text) => text.includes('answerRequestExtensions(')) ? [EXTENSIONS] : []
  const source = [...own, ...shared.map((file) => readFileSync(file, 'utf8'))].map(withoutTypes).join('\n')
  return ({ type, area, direction }) => {
    const name = type.replaceAll('.', '\\.')
    const isServer = stands(role.serves, area)
    const isClient = stands(role.uses, area)
    const mayTake = direction === 'both' || (direction === 'to-server' ? isServer : isClient)
    const maySend = direction === 'both' || (direction === 'to-server' ? isClient : isServer)
    const concerns = isServer || isClient
    return {
      takes: concerns && mayTake && new RegExp(`(case|[!=]==) '${name}'`).test(source),
      sends: concerns && maySend && new RegExp(`\\btype: '${name}'`).test(source),
    }
  }
}

/** Whether a side takes part: in every sub-protocol there are the common messages, in mining also the extensions. */
function stands(side: readonly Area[], area: Area): boolean {
  if (area === 'common') return side.length > 0
  return side.includes(area === 'extensions' ? 'mining' : area)
}

/** The sources of a file or folder, without tests and fixtures. */
function filesAt(path: string): string[] {
  const full = join(ROLES, path)
  if (!statSync(full).isDirectory()) return [full]
  return readdirSync(full, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !/(\.(test|slow|fuzz)\.ts$)|(^|\/)_/.test(file))
    .map((file) => join(full, file))
}

/** These files, and all they import of the roles' sources when they run. */
function closure(files: readonly string[]): readonly string[] {
  const found = new Map<string, string>()
  const waiting = [...files]
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (found.has(file)) continue
    const text = readFileSync(file, 'utf8')
    found.set(file, text)
    const imports = text.matchAll(/^(?:import|export) (?!type )[^'"]*? from '(\.{1,2}\/[^']+)'/gm)
    for (const [, path = ''] of imports) waiting.push(resolve(dirname(file), path))
  }
  return [...found.values()]
}

/** Without comments, and without what only types say. */
function withoutTypes(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/^\s*\/\/.*$/gm, '')
    .replace(/readonly type: '[^']+'/g, '')
    .replace(/\{ type: '[^']+'( \| '[^']+')* \}>/g, '')
}
