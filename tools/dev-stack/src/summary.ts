import { withUnit } from '@sv2/app-kit'
import type { Stack } from './stack.ts'

/** One line about how it goes. */
export function summaryLine(stack: Stack, seconds: number): string {
  const { connections, channels, accepted, refused, hashrate } = stack.counts()
  const minutes = `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`
  return [
    minutes,
    `height ${stack.node.height()}`,
    `blocks ${stack.ownBlocks()}`,
    `shares ${accepted}`,
    `rejects ${refused}`,
    withUnit(hashrate, 'H/s'),
    `${connections} connection${connections === 1 ? '' : 's'}, ${channels} channels`,
    `mempool ${stack.node.mempoolSize()}`,
    ...(stack.negotiation === undefined ? [] : [negotiation(stack.negotiation())]),
  ].join(' · ')
}

/** For whom the farm works, and how many of its own jobs were agreed to. */
function negotiation({ pool, jobs }: { readonly pool: string; readonly jobs: number }): string {
  return `own jobs ${jobs}, for ${pool === 'solo' ? 'ourselves' : 'the pool'}`
}

/** What runs where, for the start. */
export function banner(stack: Stack): string {
  return [
    '',
    '  Stratum V2 on this machine (regtest)',
    '',
    ...stack.places.map(
      ({ name, url, hint }) => `  ${name.padEnd(18)} ${url}${hint === undefined ? '' : `   <- ${hint}`}`,
    ),
    '',
    '  Ctrl-C stops everything.',
    '',
  ].join('\n')
}
