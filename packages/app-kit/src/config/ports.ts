import type { ConfigProblem } from './problems.ts'

/** Somewhere that a configuration listens. */
interface Port {
  readonly key: string
  readonly host: string | undefined
  readonly port: number
}

const ALL_INTERFACES: ReadonlySet<unknown> = new Set(['0.0.0.0', '::', undefined])

/** Sections that listen: doors, and the one of metrics and health. */
const LISTENS = /(^|\.)(listen\.\d+|monitoring)$/

/** Ports of a configuration that are asked for twice, wherever in it they stand. Port 0 is any free one. */
export function portProblems(tree: unknown): ConfigProblem[] {
  const ports = [...portsIn(tree, '')]
  return ports.flatMap((each, place) => {
    const other = ports.slice(0, place).find((before) => collide(each, before))
    if (other === undefined) return []
    const message = `${other.key.replace(/\.port$/, '')} listens there already`
    return [{ key: each.key, value: String(each.port), message }]
  })
}

function collide(a: Port, b: Port): boolean {
  return a.port === b.port && (a.host === b.host || ALL_INTERFACES.has(a.host) || ALL_INTERFACES.has(b.host))
}

function* portsIn(value: unknown, path: string): Iterable<Port> {
  if (typeof value !== 'object' || value === null) return
  if (LISTENS.test(path) && 'port' in value && typeof value.port === 'number' && value.port > 0)
    yield {
      key: `${path}.port`,
      host: 'host' in value && typeof value.host === 'string' ? value.host : undefined,
      port: value.port,
    }
  for (const [key, inner] of Object.entries(value))
    yield* portsIn(inner, path === '' ? key : `${path}.${key}`)
}
