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
  const terminal = 'isTTY' in out && out.isTTY === true
  const prettily = settings.format === 'pretty' || (settings.format === 'auto' && terminal)
  const destination = prettily
    ? pretty({
        colorize: terminal,
        ignore: 'pid,hostname',
        translateTime: 'SYS:HH:MM:ss.l',
        destination: out,
      })
    : (out as unknown as DestinationStream)
  return pino(
    { name, level: settings.level, base: { name }, timestamp: pino.stdTimeFunctions.isoTime },
    destination,
  )
}
