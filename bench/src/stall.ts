import { Child } from './child.ts'
import { Miner } from './miner.ts'
import type { Measurement } from './report.ts'
import { poolConfig, startTemplateSource } from './templates.ts'

/** Channels of the one connection, and connections with one channel beside it. */
const CROWD = 100_000
const OTHERS = 1_000
/** Tips per run. */
const TIPS = 7
/** Channels that are asked for before the answers are awaited. */
const BATCH = 500

/** How long a pool does nothing else while it tells a new tip to very many channels on one connection. */
export async function measureStalls(dataDir: string): Promise<Measurement[]> {
  const source = await startTemplateSource()
  const config = {
    ...(poolConfig(source, 'current', dataDir) as object),
    extranonce: { max_channels_per_connection: CROWD, max_channels_per_address: CROWD + OTHERS },
  }
  const child = Child.start('app-process.ts', { app: 'pool', config })
  const { urls } = await child.next<{ urls: string[] }>('urls')
  const crowd = await connectCrowd(urls[0]!)
  const others: Miner[] = []
  while (others.length < OTHERS) {
    const miner = await Miner.connect(urls[0]!)
    await miner.open(1)
    others.push(miner)
  }
  const idle = await longestStall(child, () => new Promise((resolve) => setTimeout(resolve, 1_000)))
  const stalls: Stall[] = []
  const reached: { others: number; crowd: number }[] = []
  for (let tip = 0; tip < TIPS; tip++) {
    stalls.push(
      await longestStall(child, async () => reached.push(await oneTip(source.newTip, crowd, others))),
    )
  }
  for (const miner of [crowd, ...others]) miner.end()
  child.stop()
  return [
    {
      part: 'stall',
      name: `${CROWD.toLocaleString('en-US')} channels on one connection, ${OTHERS.toLocaleString('en-US')} others`,
      values: {
        'longest stall while idle, ms (baseline)': idle.stalledMs,
        'longest stall at a tip, ms': Math.max(...stalls.map(({ stalledMs }) => stalledMs)),
        'the same in processor time, ms': Math.max(...stalls.map(({ busyMs }) => busyMs)),
        'median of seven tips, ms': median(stalls.map(({ busyMs }) => busyMs)),
        'last of the others told, ms': median(reached.map((each) => each.others)),
        'last of the many told, ms': median(reached.map((each) => each.crowd)),
      },
    },
  ]
}

/** A connection that understands no groups, with all its channels. */
async function connectCrowd(url: string): Promise<Miner> {
  const miner = await Miner.connect(url)
  let opened = 0
  miner.send({
    type: 'SetupConnection',
    protocol: 0,
    minVersion: 2,
    maxVersion: 2,
    flags: 1,
    endpointHost: '127.0.0.1',
    endpointPort: 3333,
    vendor: 'bench',
    hardwareVersion: 'bench',
    firmware: '1',
    deviceId: '',
  })
  const maxTarget = new Uint8Array(32).fill(0xff)
  while (opened < CROWD) {
    const until = opened + BATCH
    const answered = new Promise<void>((resolve) => {
      miner.onMessage = ({ type }) => {
        if (type !== 'OpenStandardMiningChannel.Success') return
        opened++
        if (opened === until) resolve()
      }
    })
    const requests = Array.from({ length: BATCH }, (_, requestId) => ({
      type: 'OpenStandardMiningChannel' as const,
      requestId,
      userIdentity: 'bench',
      nominalHashRate: 0,
      maxTarget,
    }))
    miner.send(...requests)
    await answered
  }
  return miner
}

/** Milliseconds until everybody has heard of a tip. */
async function oneTip(newTip: () => number, crowd: Miner, others: readonly Miner[]) {
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
  const last = heard(crowd, CROWD)
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

function median(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)]!
}
