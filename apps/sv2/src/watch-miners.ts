import { type AppContext, withUnit } from '@sv2/app-kit'
import type { Terminal } from './terminal.ts'

/** Live numbers of a server with miners. */
export interface MinerCounts {
  readonly connections: number
  readonly channels: number
  readonly accepted: number
  readonly refused: number
  readonly blocks?: number
  readonly hashrate?: number
}

/** A terminal shows the numbers this often, a log of lines less often; ms. */
const SHOWN_MS = 1_000
const LOGGED_MS = 60_000

/** Tells of the first miner and the first accepted share, then how it goes, until the process ends. */
export function watchMiners(
  counts: () => MinerCounts,
  { log, scope, clock }: Pick<AppContext, 'log' | 'scope' | 'clock'>,
  terminal: Pick<Terminal, 'print'> | undefined,
): void {
  const started = clock.now()
  let logged = started
  let told: 'nothing' | 'a miner' | 'a share' = 'nothing'
  const tell = (line: string, fields: object, text: string): void => {
    if (terminal === undefined) log.info(fields, text)
    else terminal.print(`\r\x1b[K  ${line}\n`)
  }
  const timer = setInterval(() => {
    const now = counts()
    const sec = Math.round((clock.now() - started) / 100) / 10
    if (told === 'nothing' && now.channels > 0) {
      told = 'a miner'
      tell(`Your first miner is here, ${sec} s after the start.`, { sec }, 'the first miner is here')
    }
    if (told === 'a miner' && now.accepted > 0) {
      told = 'a share'
      tell(`Its first share is accepted, ${sec} s after the start.`, { sec }, 'the first share is accepted')
    }
    if (terminal !== undefined) return terminal.print(`\r\x1b[K  ${summary(now, sec)}`)
    if (clock.now() - logged < LOGGED_MS) return
    logged = clock.now()
    log.info({ ...now }, 'how it goes')
  }, SHOWN_MS)
  scope.own('summary', () => {
    clearInterval(timer)
    terminal?.print('\n')
  })
}

/** One line about how it goes. */
export function summary(counts: MinerCounts, seconds: number): string {
  const { connections, channels, accepted, refused, blocks, hashrate } = counts
  const minutes = `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`
  return [
    minutes,
    ...(hashrate === undefined ? [] : [withUnit(hashrate, 'H/s')]),
    `${connections} connection${connections === 1 ? '' : 's'}, ${channels} miner${channels === 1 ? '' : 's'}`,
    `shares ${accepted}`,
    `refused ${refused}`,
    ...(blocks === undefined ? [] : [`blocks ${blocks}`]),
  ].join(' · ')
}
