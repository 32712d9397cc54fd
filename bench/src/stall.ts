import { concatBytes, scriptToAddress } from '@sv2/bitcoin'
import type { Message } from '@sv2/messages'
import { Child } from './child.ts'
import { Miner } from './miner.ts'
import { type Measurement, median } from './report.ts'
import { poolConfig, startTemplateSource } from './templates.ts'

/** Connections with one channel beside the one with very many. */
const OTHERS = 1_000
/** Tips per run. */
const TIPS = 7
/** Channels that are asked for before the answers are awaited. */
const BATCH = 500

/** The one connection with very many channels, and the pool that it is at. */
interface Crowd {
  readonly name: string
  readonly channels: number
  /** Flags of its SetupConnection. */
  readonly flags: number
  readonly pool: object
  readonly ask: (requestId: number) => Message
  /** Whose blocks one of the others mines. */
  readonly user: (other: number) => string
}

const ANY_TARGET = new Uint8Array(32).fill(0xff)

const CROWDS: readonly Crowd[] = [
  {
    name: '100,000 channels on one connection, 1,000 others',
    channels: 100_000,
    // a connection that understands no groups
    flags: 1,
    pool: {},
    ask: (requestId) => ({
      type: 'OpenStandardMiningChannel',
      requestId,
      userIdentity: 'bench',
      nominalHashRate: 0,
      maxTarget: ANY_TARGET,
    }),
    user: () => 'bench',
  },
  {
    name: 'solo: 10,000 payouts on one connection, 1,000 others',
    channels: 10_000,
    flags: 0,
    pool: { payout: { mode: 'solo', max_payouts: 20_000 } },
    ask: (requestId) => ({
      type: 'OpenExtendedMiningChannel',
      requestId,
      userIdentity: payoutOf(requestId),
      nominalHashRate: 0,
      maxTarget: ANY_TARGET,
      minExtranonceSize: 8,
    }),
    user: (other) => payoutOf(1_000_000 + other),
  },
]

/** An address of its own for each number. */
function payoutOf(number: number): string {
  const hash = new Uint8Array(20)
  new DataView(hash.buffer).setUint32(0, number)
  const address = scriptToAddress(concatBytes(Uint8Array.of(0, hash.length), hash), 'mainnet')
  if (address === undefined) throw new Error('no address')
  return address
}

/** How long a pool does nothing else while it tells a new tip to very many channels on one connection. */
export async function measureStalls(dataDir: string): Promise<Measurement[]> {
  const rows: Measurement[] = []
  for (const [at, crowd] of CROWDS.entries()) rows.push(await measureStall(crowd, `${dataDir}-${at}`))
  return rows
}

async function measureStall(crowd: Crowd, dataDir: string): Promise<Measurement> {
  const source = await startTemplateSource()
  const config = {
    ...(poolConfig(source, 'current', dataDir) as object),
    extranonce: {
      max_channels_per_connection: crowd.channels,
      max_channels_per_address: crowd.channels + OTHERS,
    },
    ...crowd.pool,
  }
  const child = Child.start('app-process.ts', { app: 'pool', config })
  const { urls } = await child.next<{ urls: string[] }>('urls')
  const many: Miner[] = []
  const opening = await longestStall(child, async () => many.push(await connectCrowd(urls[0]!, crowd)))
  const others: Miner[] = []
  while (others.length < OTHERS) {
    const miner = await Miner.connect(urls[0]!)
    await miner.open(1, { user: crowd.user(others.length) })
    others.push(miner)
  }
  const idle = await longestStall(child, () => new Promise((resolve) => setTimeout(resolve, 1_000)))
  const stalls: Stall[] = []
  const reached: { others: number; crowd: number }[] = []
  for (let tip = 0; tip < TIPS; tip++) {
    stalls.push(
      await longestStall(child, async () =>
        reached.push(await oneTip(source.newTip, { crowd: many[0]!, size: crowd.channels, others })),
      ),
    )
  }
  const closing = await longestStall(child, async () => {
    many[0]!.end()
    while ((await child.counts()).channels !== OTHERS) await new Promise((resolve) => setTimeout(resolve, 50))
  })
  for (const miner of others) miner.end()
  child.stop()
  return {
    part: 'stall',
    name: crowd.name,
    values: {
      'longest stall while idle, ms (baseline)': idle.stalledMs,
      'longest stall at a tip, ms': Math.max(...stalls.map(({ stalledMs }) => stalledMs)),
      'the same in processor time, ms': Math.max(...stalls.map(({ busyMs }) => busyMs)),
      'median of seven tips, ms': median(stalls.map(({ busyMs }) => busyMs)),
      'while they are opened, ms': opening.busyMs,
      'when they are closed, ms': closing.busyMs,
      'last of the others told, ms': median(reached.map((each) => each.others)),
      'last of the many told, ms': median(reached.map((each) => each.crowd)),
    },
  }
}

/** The connection with all its channels. */
async function connectCrowd(url: string, { channels, flags, ask }: Crowd): Promise<Miner> {
  const miner = await Miner.connect(url)
  let opened = 0
  miner.send({
    type: 'SetupConnection',
    protocol: 0,
    minVersion: 2,
    maxVersion: 2,
    flags,
    endpointHost: '127.0.0.1',
    endpointPort: 3333,
    vendor: 'bench',
    hardwareVersion: 'bench',
    firmware: '1',
    deviceId: '',
  })
  while (opened < channels) {
    const until = opened + BATCH
    const answered = new Promise<void>((resolve) => {
      miner.onMessage = ({ type }) => {
        if (!type.endsWith('MiningChannel.Success')) return
        opened++
        if (opened === until) resolve()
      }
    })
    miner.send(...Array.from({ length: BATCH }, (_, at) => ask(until - at)))
    await answered
  }
  return miner
}

/** Milliseconds until everybody has heard of a tip. */
async function oneTip(
  newTip: () => number,
  {
    crowd,
    size,
    others,
  }: { readonly crowd: Miner; readonly size: number; readonly others: readonly Miner[] },
) {
  const heard = (miner: Miner, times: number) =>
    new Promise<number>((resolve) => {
      let left = times
      miner.onMessage = ({ type }) => {
        if (type !== 'SetNewPrevHash') return
        left--
        if (left === 0) resolve(performance.timeOrigin + performance.now())
      }
    })
  const all = Promise.all(others.map((miner) => heard(miner, 1)))
  const last = heard(crowd, size)
  const handed = newTip()
  const toOthers = Math.max(...(await all)) - handed
  return { others: toOthers, crowd: (await last) - handed }
}

/** The longest time in which the child's event loop did not turn, by the clock and in processor time, ms. */
interface Stall extends Record<string, unknown> {
  readonly stalledMs: number
  readonly busyMs: number
}

/** What it was while something went on. */
async function longestStall(child: Child, during: () => Promise<unknown>): Promise<Stall> {
  child.ask('watch')
  await child.next<{ watching: boolean }>('watching')
  await during()
  child.ask('stalled')
  return child.next<Stall>('stalledMs')
}
