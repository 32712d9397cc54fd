import { buildCoinbase } from '@sv2/bitcoin'
import {
  type Edition,
  MINING_SETUP_FLAGS,
  MINING_SUCCESS_FLAGS,
  type SetCustomMiningJob,
} from '@sv2/messages'
import { current } from '@sv2/messages/current'
import { draft } from '@sv2/messages/draft'
import { describe, expect, test } from 'vitest'
import { filled, NTIME } from '../_fixtures.ts'
import { aRelay, RelayClient, relays, ScriptedPool } from '../_relay.ts'

const { REQUIRES_WORK_SELECTION } = MINING_SETUP_FLAGS
/** One output of nothing to nobody. */
const OUTPUTS = Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 0, 0)

function aCustomJob(over: Partial<SetCustomMiningJob> = {}): SetCustomMiningJob {
  return {
    type: 'SetCustomMiningJob',
    channelId: 2,
    requestId: 5,
    miningJobToken: filled(9, 8),
    version: 0x2000_0000,
    prevHash: filled(0xaa),
    minNtime: NTIME,
    nbits: 0x1d00ffff,
    coinbaseTxVersion: 2,
    coinbasePrefix: filled(3, 4),
    coinbaseTxInputSequence: 0xffff_ffff,
    coinbaseTxOutputs: OUTPUTS,
    coinbaseTxLocktime: 0,
    merklePath: [filled(1)],
    extranonceSize: 6,
    ...over,
  }
}

/** A relay whose upstream is there for both kinds of clients. */
function aWorld(above: Edition) {
  const world = aRelay()
  const plain = new ScriptedPool(world.link, { edition: above })
  return { ...world, plain, selecting: () => new ScriptedPool(world.link, { edition: above, upstream: 1 }) }
}

describe('custom jobs over a relaying proxy', () => {
  relays('DEV-25, POOL-52', 'clients that bring their work have a connection of their own above', (sides) => {
    const { link, selecting } = aWorld(sides.above)
    link.takeFacts()
    const client = new RelayClient(link, sides.below, REQUIRES_WORK_SELECTION)
    expect(link.factsOf('dial')).toEqual([{ kind: 'dial', upstream: 1 }])
    const raw = link.connect({
      port: { kind: 'upstream', index: 1 },
      edition: sides.above,
      protocol: 'mining',
      plays: 'server',
    })
    expect(raw.received()).toMatchObject([{ type: 'SetupConnection', flags: REQUIRES_WORK_SELECTION }])
    raw.disconnect()
    const pool = selecting()
    const [setup] = client.takeOf('SetupConnection.Success')
    const { REQUIRES_EXTENDED_CHANNELS } = MINING_SUCCESS_FLAGS
    expect((setup?.flags ?? 0) & REQUIRES_EXTENDED_CHANNELS).toBe(REQUIRES_EXTENDED_CHANNELS)
    expect(client.open(pool, 'extended').kind).toBe('extended')
    client.request('standard')
    expect(client.take()).toMatchObject([{ type: 'OpenMiningChannel.Error' }])
    const plain = new RelayClient(link, sides.below)
    plain.take()
    plain.peer.send(aCustomJob())
    expect(plain.take()).toMatchObject([{ type: 'SetCustomMiningJob.Error', requestId: 5 }])
  })

  relays('POOL-51, DEV-29', 'jobs and their answers keep their request ids and channels', (sides) => {
    const { link, selecting } = aWorld(sides.above)
    const clients = [1, 2].map(() => new RelayClient(link, sides.below, REQUIRES_WORK_SELECTION))
    const pool = selecting()
    const channels = clients.map((client) => client.open(pool, 'extended'))
    pool.take()
    for (const [n, client] of clients.entries())
      client.peer.send(aCustomJob({ channelId: channels[n]!.channelId }))
    const jobs = pool.takeOf('SetCustomMiningJob')
    expect(jobs.map(({ channelId }) => channelId)).toEqual(channels.map(({ channelId }) => channelId))
    expect(new Set(jobs.map(({ requestId }) => requestId)).size).toBe(2)
    const { prefix, suffix } = buildCoinbase({
      version: 2,
      scriptSigPrefix: filled(3, 4),
      extranonceSize: 8,
      sequence: 0xffff_ffff,
      outputs: [],
      rawOutputs: { count: 1, bytes: OUTPUTS.subarray(1) },
      locktime: 0,
    })
    const [a, b] = jobs
    const coinbase = { coinbaseTxPrefix: prefix, coinbaseTxSuffix: suffix }
    pool.peer.send(
      {
        type: 'SetCustomMiningJob.Error',
        channelId: b!.channelId,
        requestId: b!.requestId,
        errorCode: 'invalid-mining-job-token',
      },
      {
        type: 'SetCustomMiningJob.Success',
        channelId: a!.channelId,
        requestId: a!.requestId,
        jobId: 44,
        ...coinbase,
      },
    )
    const { channelId } = channels[0]!
    expect(clients[0]!.take()).toEqual([
      {
        type: 'SetCustomMiningJob.Success',
        channelId,
        requestId: 5,
        jobId: 44,
        // a draft client is told the coinbase even where the upstream does not name it
        ...(sides.below === draft ? coinbase : {}),
      },
    ])
    expect(clients[1]!.take()).toMatchObject([{ type: 'SetCustomMiningJob.Error', requestId: 5 }])
    clients[0]!.share(channels[0]!, 44)
    expect(pool.takeOf('SubmitSharesExtended')).toMatchObject([{ jobId: 44, channelId }])
  })

  test('a job for a group that others are in too, or one that makes no coinbase, goes nowhere', () => {
    const { link, selecting } = aWorld(current)
    const clients = [1, 2].map(() => new RelayClient(link, current, REQUIRES_WORK_SELECTION))
    const pool = selecting()
    const [client] = clients
    client!.open(pool, 'extended')
    client!.open(pool, 'extended')
    pool.take()
    client!.peer.send(aCustomJob({ channelId: 1 }))
    expect(pool.takeOf('SetCustomMiningJob')).toMatchObject([{ channelId: 1 }])
    clients[1]!.open(pool, 'extended')
    const bad = [
      { channelId: 1 },
      { channelId: 99 },
      { coinbaseTxOutputs: Uint8Array.of(2, 0) },
      { coinbaseTxOutputs: new Uint8Array(0) },
      { coinbasePrefix: filled(3, 100) },
    ]
    client!.take()
    for (const over of bad) client!.peer.send(aCustomJob(over))
    expect(client!.takeOf('SetCustomMiningJob.Error')).toHaveLength(bad.length)
    expect(pool.take()).toEqual([])
  })

  test('a job whose upstream goes is refused, with its token', () => {
    const { link, selecting } = aWorld(current)
    const client = new RelayClient(link, current, REQUIRES_WORK_SELECTION)
    const pool = selecting()
    client.open(pool, 'extended')
    client.peer.send(aCustomJob())
    pool.peer.disconnect()
    expect(client.take()).toMatchObject([
      { type: 'SetCustomMiningJob.Error', requestId: 5, errorCode: 'invalid-mining-job-token' },
    ])
  })
})
