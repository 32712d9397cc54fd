import { current } from '@sv2/messages/current'
import type { V1ToV2Effect } from '@sv2/roles/translator'
import { Sv1World } from '@sv2/sim'
import { aTemplate, aTip, filled, NOW, poolSettings } from './_fixtures.ts'
import { translatorSettings } from './_sv1-world.ts'

/** A network of difficulty 2^48 or so: no block by chance. */
const NBITS = 0x1500_ffff

/** What the translator told of shares. */
export interface ToldShares {
  accepted: number
  refused: number
  sent: number
  acknowledged: number
  refusedAbove: number
  unanswered: number
  failovers: number
}

export interface MiningWorldOptions {
  /** Shares a minute the pools aim at, per channel of the translator. */
  readonly poolSharesPerMinute?: number
  readonly aggregated?: boolean
}

/** A translator as it is configured by default, with two pools above it. */
export function aMiningWorld(
  seed: number,
  { poolSharesPerMinute = 600, aggregated = true }: MiningWorldOptions = {},
) {
  const told: ToldShares = {
    accepted: 0,
    refused: 0,
    sent: 0,
    acknowledged: 0,
    refusedAbove: 0,
    unanswered: 0,
    failovers: 0,
  }
  const translator = translatorSettings({
    upstreams: aggregated ? [{}, {}] : [{ identity: '{identity}' }, { identity: '{identity}' }],
    aggregated,
    miners: {
      vardiff: true,
      maxChannels: 100_000,
      extranonce: { serverId: new Uint8Array(0), leaseBytes: 4 },
      minDifficulty: 2 ** -20,
    },
    front: { probeMs: 300 },
  })
  const pool = poolSettings({
    miners: {
      vardiff: true,
      sharesPerMinute: poolSharesPerMinute,
      startDifficulty: 1000,
      minDifficulty: 2 ** -20,
      maxChannelsPerConnection: 1_000,
    },
  })
  const { capabilities } = current
  const world = new Sv1World({ translator, pool, capabilities, seed, latencyMs: 50, start: NOW }, (fact) =>
    count(told, fact),
  )
  let blocks = 0
  const block = (): void => {
    blocks++
    const headerTimestamp = Math.floor(world.now / 1000)
    world.block(aTemplate(), aTip({ prevHash: filled(blocks), nbits: NBITS, headerTimestamp }))
  }
  block()
  return { world, told, block }
}

function count(told: ToldShares, fact: V1ToV2Effect): void {
  switch (fact.kind) {
    case 'shareAccepted':
      told.accepted++
      return
    case 'v1ShareRefused':
      told.refused++
      return
    case 'shareSent':
      told.sent++
      return
    case 'sharesAcknowledgedAbove':
      told.acknowledged += fact.count
      return
    case 'shareRefusedAbove':
      told.refusedAbove++
      return
    case 'sharesUnanswered':
      told.unanswered += fact.count
      return
    case 'upstreamUsed':
      told.failovers++
      return
    default:
      return
  }
}

/** Runs devices through blocks and failovers; answers what is to be added up. */
export function throughFailovers(
  seed: number,
  kinds: Parameters<Sv1World['connect']>[0],
  options: MiningWorldOptions = {},
) {
  const { world, told, block } = aMiningWorld(seed, options)
  const miners = world.connect(kinds, 5_000)
  world.advance(60_000)
  world.setUpstream(0, false)
  world.advance(30_000)
  block()
  world.advance(10_000)
  world.setUpstream(0, true)
  world.advance(60_000)
  block()
  world.advance(10_000)
  world.setUpstream(0, false)
  world.advance(40_000)
  world.stop()
  world.advance(10_000)
  return { world, told, miners }
}
