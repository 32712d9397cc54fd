import { withUnit } from '@sv2/app-kit'
import { type RunningStatus, runningStatus } from './running-pool.ts'
import type { Terminal } from './terminal.ts'

/** Prints how a running program does. Answers its exit code: 0 when it has work for its miners, otherwise 1. */
export async function status(
  url: string,
  { json, terminal }: { readonly json: boolean; readonly terminal: Terminal },
): Promise<0 | 1> {
  const found = await runningStatus(url)
  if (json) {
    terminal.print(`${JSON.stringify({ url, running: found !== undefined, ...found }, undefined, 2)}\n`)
    return found?.ok === true ? 0 : 1
  }
  if (found === undefined) {
    terminal.print(`nothing answers at ${url}: is it started? sv2 up\n`)
    return 1
  }
  terminal.print(`${lines(found).join('\n')}\ndashboard    ${url}/\n`)
  return found.ok ? 0 : 1
}

function lines({
  ok,
  version,
  network,
  started_at,
  now,
  miners,
  channels,
  hashrate,
  shares,
  doors,
}: RunningStatus) {
  const share = shares.last_share_at
  const last = share === null ? 'none yet' : `${Math.round((now - share) / 1_000)} s ago`
  return [
    `state        ${ok ? 'working' : 'WITHOUT WORK: sv2 doctor says why'}`,
    `version      ${version}, ${network ?? 'no network'}, for ${((now - started_at) / 3_600_000).toFixed(1)} hours`,
    `hash rate    ${withUnit(hashrate.ten_minutes, 'H/s')} (ten minutes), ${withUnit(hashrate.day, 'H/s')} (day)`,
    `miners       ${miners} connections, ${channels} channels`,
    `shares       ${shares.accepted} accepted, ${shares.refused} refused, the last ${last}`,
    `blocks       ${shares.blocks}; best share ${withUnit(shares.best, '')}`,
    ...doors.map((door, place) => `${(place === 0 ? 'miners at' : '').padEnd(12)} ${door}`),
  ]
}
