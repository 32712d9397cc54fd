import { stringify } from 'smol-toml'
import { z } from 'zod'

/** What is used of JSON Schema here. */
interface Shape {
  readonly type?: string
  readonly description?: string
  readonly default?: unknown
  readonly properties?: Readonly<Record<string, Shape>>
  readonly items?: Shape
  readonly anyOf?: readonly Shape[]
  readonly required?: readonly string[]
  readonly enum?: readonly unknown[]
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
}

/**
 * A commented TOML file with every key of a schema: its meaning, what is allowed, and its default. Keys without a
 * default are commented out, or asked for when they are required. The file is a valid configuration once those are
 * filled in.
 */
export function printDefaults(schema: z.ZodType, title: string): string {
  const shape = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Shape
  return [`# ${title}`, '', ...table(shape, [])].join('\n').trimEnd().concat('\n')
}

/**
 * The same as a section of a larger file, every line of it commented out.
 * @param section.without dotted paths of keys that are said elsewhere in that file
 */
export function printSection(
  schema: z.ZodType,
  section: { readonly name: string; readonly title: string; readonly without: readonly string[] },
): string {
  const shape = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Shape
  const lines = [`[${section.name}]`, ...table(leftOut(shape, section.without, ''), [section.name])]
  const commented = lines.map((line) => (line === '' || line.startsWith('#') ? line : `# ${line}`))
  return [`# ${section.title}`, ...commented].join('\n').trimEnd().concat('\n')
}

function leftOut(shape: Shape, without: readonly string[], at: string): Shape {
  const kept = Object.entries(shape.properties ?? {}).filter(([key]) => !without.includes(`${at}${key}`))
  const properties = kept.map(([key, value]) => [key, leftOut(value, without, `${at}${key}.`)] as const)
  return properties.length === 0 ? shape : { ...shape, properties: Object.fromEntries(properties) }
}

/** Keys of a table first, its sub-tables after them, as TOML wants it. */
function table(shape: Shape, path: readonly string[]): string[] {
  const entries = Object.entries(shape.properties ?? {})
  const plain = entries.filter(([, value]) => !isTable(value))
  const tables = entries.filter(([, value]) => isTable(value))
  return [
    ...plain.flatMap(([key, value]) => entry(key, value, shape.required?.includes(key) === true)),
    ...tables.flatMap(([key, value]) => {
      const isRequired = shape.required?.includes(key) === true
      return subTable(value, [...path, key], isRequired)
    }),
  ]
}

function entry(key: string, value: Shape, required: boolean): string[] {
  const comment = [value.description ?? '', range(value)].filter((part) => part !== '').join(' ')
  const line =
    value.default === undefined
      ? `${required ? '' : '# '}${key} = ${required ? '""  # required' : example(value)}`
      : stringify({ [key]: value.default }).trim()
  return [...(comment === '' ? [] : [`# ${comment}`]), line, '']
}

function subTable(value: Shape, path: readonly string[], required: boolean): string[] {
  const name = path.join('.')
  const list = value.type === 'array'
  const inner = list ? value.items! : value
  const first = list ? (value.default as readonly Record<string, unknown>[] | undefined)?.[0] : value.default
  const filled = withDefaults(inner, first as Record<string, unknown> | undefined)
  const comment = value.description === undefined ? [] : [`# ${value.description}`]
  const body = [...comment, list ? `[[${name}]]` : `[${name}]`, ...table(filled, path)]
  const optional = first === undefined && (list || !required)
  return optional ? body.map((line) => (line === '' || line.startsWith('#') ? line : `# ${line}`)) : body
}

/** The values of a table's own default stand for those of its keys. */
function withDefaults(shape: Shape, values: Record<string, unknown> | undefined): Shape {
  if (values === undefined) return shape
  const properties = Object.fromEntries(
    Object.entries(shape.properties ?? {}).map(([key, value]) => [
      key,
      values[key] === undefined ? value : { ...value, default: values[key] },
    ]),
  )
  return { ...shape, properties }
}

function isTable(shape: Shape): boolean {
  return shape.properties !== undefined || (shape.type === 'array' && shape.items?.properties !== undefined)
}

function range(shape: Shape): string {
  if (shape.enum !== undefined) return `(${shape.enum.map(String).join(' | ')})`
  const { minimum, maximum } = shape
  const bounded = (bound: number | undefined): bound is number =>
    bound !== undefined && Math.abs(bound) < Number.MAX_SAFE_INTEGER
  if (bounded(minimum) && bounded(maximum)) return `(${minimum} … ${maximum})`
  if (bounded(shape.exclusiveMinimum)) return `(more than ${shape.exclusiveMinimum})`
  if (bounded(minimum)) return `(at least ${minimum})`
  return bounded(maximum) ? `(at most ${maximum})` : ''
}

function example(shape: Shape): string {
  if (shape.type === 'integer' || shape.type === 'number') return String(shape.minimum ?? 0)
  if (shape.type === 'boolean') return 'false'
  return shape.type === 'array' ? '[]' : '""'
}
