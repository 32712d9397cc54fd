import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino'
import pretty from 'pino-pretty'
import { type LogOutput, logOutput } from './log-output.ts'
import { LineBudget } from './observe/line-budget.ts'

export type { Logger } from 'pino'

/** How much is logged, and how it looks. */
export interface LogSettings {
  readonly level: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent'
  /** `auto`: pretty on a terminal, JSON elsewhere. */
  readonly format: 'auto' | 'pretty' | 'json'
}

/** Lines of one text in a while, at most. */
const BUDGET = { lines: 50, windowMs: 10_000 }
const INFO = pino.levels.values.info!
const FATAL = pino.levels.values.fatal!

/**
 * The logger of a process. Constant texts, fields for the rest; no key material, ever. Strangers can cause lines as often
 * as they like: of each text a few are printed in a while, the others are for debugging only, and counted. A log that
 * cannot be written loses lines, says how many when it can, and ends nothing.
 */
export function createLogger(
  name: string,
  settings: LogSettings,
  out: NodeJS.WritableStream = process.stdout,
): Logger {
  const terminal = isTerminal(out)
  const prettily = settings.format === 'pretty' || (settings.format === 'auto' && terminal)
  const output = logOutput(out)
  const destination: DestinationStream = prettily ? prettyDestination(output, out) : output.stream
  const logger = pino(
    {
      name,
      level: settings.level,
      base: { name },
      timestamp: pino.stdTimeFunctions.isoTime,
      hooks: { logMethod: withinBudget() },
    },
    destination,
  )
  output.onRoom = (lines) => logger.warn({ lines }, 'lines were lost while the log could not be written')
  return logger
}

/** Lines above their budget go to debug; when the window is over, those that were left out are told of. */
function withinBudget(): NonNullable<NonNullable<LoggerOptions['hooks']>['logMethod']> {
  const budget = new LineBudget(BUDGET)
  return function (args, method, level) {
    if (level < INFO || level >= FATAL) return method.apply(this, args)
    const [first, second] = args as readonly unknown[]
    const text = String(typeof first === 'string' ? first : second)
    const { mayPrint, leftOut } = budget.take(text, performance.now())
    for (const [line, lines] of leftOut) this.warn({ line, lines }, 'lines of one kind were left out')
    return mayPrint ? method.apply(this, args) : this.debug(...args)
  }
}

const prettyDestinations = new WeakMap<LogOutput, DestinationStream>()

function prettyDestination(output: LogOutput, out: NodeJS.WritableStream): DestinationStream {
  const known = prettyDestinations.get(output)
  if (known !== undefined) return known
  const made = pretty({
    colorize: isTerminal(out),
    singleLine: true,
    ignore: 'pid,hostname',
    translateTime: 'SYS:HH:MM:ss.l',
    destination: output.stream,
  })
  prettyDestinations.set(output, made)
  return made
}

function isTerminal(out: NodeJS.WritableStream): boolean {
  return 'isTTY' in out && out.isTTY === true
}
