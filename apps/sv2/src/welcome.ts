import encodeQR from 'qr'
import type { MinerUrls } from './miner-urls.ts'
import type { Mode } from './up-config.ts'

/** What a person has to know at the start. */
export interface Welcome {
  readonly title: string
  readonly miners: MinerUrls
  /** Where clients of job negotiation connect. */
  readonly negotiator: readonly string[]
  readonly dashboard: string
  readonly mode: Mode | undefined
  /** Of the operator, where there is one. */
  readonly address: string | undefined
}

/** The text at the start of a server: where miners connect, and what to type into them. */
export function welcome(about: Welcome): string {
  const { miners, negotiator, dashboard } = about
  const [v1 = ''] = miners.v1
  return [
    '',
    `  ${about.title}`,
    '',
    ...listed('Stratum V1', miners.v1),
    ...listed('Stratum V2', miners.v2),
    ...listed('job negotiator', negotiator),
    ...listed('dashboard', [dashboard]),
    '',
    ...(v1 === '' ? [] : [...bitaxe(v1, about), '', indented(encodeQR(v1, 'ascii', { border: 1 }))]),
    '  Ctrl-C stops everything. Waiting for your first miner…',
    '',
  ].join('\n')
}

/** What the user name of a miner has to be. */
export function userName({ mode, address }: Pick<Welcome, 'mode' | 'address'>): string {
  if (mode === undefined || mode === 'pool') return 'any name'
  return `${address ?? 'YOUR_ADDRESS'}.bitaxe`
}

function bitaxe(v1: string, about: Welcome): string[] {
  const { hostname, port } = new URL(v1.replace(/^stratum\+\w+:/, 'http:'))
  return [
    '  What to type into a Bitaxe (Settings), or any other miner:',
    `    Stratum Host   ${hostname}`,
    `    Stratum Port   ${port}`,
    `    Stratum User   ${userName(about)}`,
    '    Password       x',
  ]
}

function listed(name: string, urls: readonly string[]): string[] {
  return urls.map((url, place) => `  ${(place === 0 ? name : '').padEnd(16)} ${url}`)
}

function indented(text: string): string {
  return text
    .split('\n')
    .map((line) => (line === '' ? line : `    ${line}`))
    .join('\n')
}
