import type { LogLine } from './app-process.ts'

const LEVELS: Readonly<Record<number, string>> = {
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
}
/** The number that log lines have for a level. */
export const LEVEL_NUMBERS = { debug: 20, info: 30, warn: 40, error: 50 } as const

const OF_EVERY_LINE = new Set(['level', 'time', 'pid', 'hostname', 'name', 'app', 'msg'])

/** A line for people: who said it, how important it is, and what. */
export function logText(name: string, line: LogLine): string {
  const fields = Object.entries(line)
    .filter(([key]) => !OF_EVERY_LINE.has(key))
    .map(([key, value]) => ` ${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
  return `${name.padEnd(22)} ${(LEVELS[line.level] ?? '').padEnd(5)} ${line.msg}${fields.join('')}\n`
}
