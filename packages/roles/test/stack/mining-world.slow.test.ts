import { current } from '@sv2/messages/current'
import { MiningWorld } from '@sv2/sim'
import { expect, test } from 'vitest'
import { aTemplate, aTip, NOW, poolSettings } from '../_fixtures.ts'

const CHANNELS_PER_CONNECTION = 1_000
const MINUTES = 2

/** Runs a pool with so many channels; answers what the pool alone costs, without the world around it. */
function measure(channels: number) {
  globalThis.gc?.()
  const heap = process.memoryUsage().heapUsed
  const settings = poolSettings({
    miners: { vardiff: true, maxChannels: 200_000, maxChannelsPerConnection: CHANNELS_PER_CONNECTION },
  })
  let accepted = 0
  const world = new MiningWorld(
    { pool: settings, capabilities: current.capabilities, seed: channels, latencyMs: 50, start: NOW },
    ({ kind }) => {
      if (kind === 'shareAccepted') accepted++
    },
  )
  world.fromProvider(aTemplate())
  world.fromProvider(aTip({ nbits: 0x1500_ffff }))
  for (let opened = 0; opened < channels; opened += CHANNELS_PER_CONNECTION)
    world.connect(CHANNELS_PER_CONNECTION, { kind: 'standard', habit: 'next-job', speed: 23 })
  const spent = timed(world.pool)
  world.advance(MINUTES * 60_000)
  const us = spent()
  world.stop()
  world.advance(5_000)
  globalThis.gc?.()
  const bytes = (process.memoryUsage().heapUsed - heap) / channels
  const { found, acknowledged, refused } = world.tally
  expect(acknowledged).toBe(accepted)
  expect(found).toBe(accepted + refused)
  return { channels, found, usPerShare: us / found, usPerChannelMinute: us / channels / MINUTES, bytes }
}

/** Counts the time a pool takes from now on, µs. */
function timed(pool: MiningWorld['pool']): () => number {
  const handle = pool.handle.bind(pool)
  let ms = 0
  pool.handle = (event, now) => {
    const start = performance.now()
    const effects = handle(event, now)
    ms += performance.now() - start
    return effects
  }
  return () => ms * 1000
}

test('the cost per channel is flat from 1,000 to 100,000 channels', { timeout: 600_000 }, () => {
  // the first run is for the compiler
  measure(1_000)
  const rows = [1_000, 3_000, 10_000, 30_000, 100_000].map(measure)
  for (const row of rows) {
    process.stdout.write(
      `${row.channels} channels: ${row.found} shares, ${row.usPerShare.toFixed(1)} µs per share, ` +
        `${row.usPerChannelMinute.toFixed(0)} µs per channel and minute, ${row.bytes.toFixed(0)} bytes of heap per channel\n`,
    )
  }
  expect(rows.at(-1)!.usPerShare / rows[0]!.usPerShare).toBeLessThan(6)
})
