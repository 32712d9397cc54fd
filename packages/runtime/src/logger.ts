import { type DestinationStream, type Logger, pino } from 'pino'
import pretty from 'pino-pretty'

export type { Logger } from 'pino'

/** How much is logged, and how it looks. */
export interface LogSettings {
  readonly level: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent'
  /** `auto`: pretty on a terminal, JSON elsewhere. */
  readonly format: 'auto' | 'pretty' | 'json'
}

/** The logger of a process. Constant texts, fields for the rest; no key material, ever. */
export function createLogger(
  name: string,
  settings: LogSettings,
  out: NodeJS.WritableStream = process.stdout,
): Logger {
  const terminal = isTerminal(out)
  const prettily = settings.format === 'pretty' || (settings.format === 'auto' && terminal)
  const destination = prettily ? prettyDestination(out) : (out as unknown as DestinationStream)
  return pino(
    { name, level: settings.level, base: { name }, timestamp: pino.stdTimeFunctions.isoTime },
    destination,
  )
}

/** One for each stream, however many loggers write to it: each adds its own listeners to the stream. */
const prettyDestinations = new WeakMap<NodeJS.WritableStream, DestinationStream>()

function prettyDestination(out: NodeJS.WritableStream): DestinationStream {
  const known = prettyDestinations.get(out)
  if (known !== undefined) return known
  const made = pretty({
    colorize: isTerminal(out),
    singleLine: true,
    ignore: 'pid,hostname',
    translateTime: 'SYS:HH:MM:ss.l',
    destination: out,
  })
  prettyDestinations.set(out, made)
  return made
}

function isTerminal(out: NodeJS.WritableStream): boolean {
  return 'isTTY' in out && out.isTTY === true
}
