import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { AppProcess } from './process.ts'
import { nominalHashrate, ProcessStack } from './process-stack.ts'
import { V1_TAG, V1Pool } from './v1-pool.ts'

const MODES = ['standard', 'grouped', 'extended'] as const
const EDITIONS = ['current', 'draft'] as const
type EditionName = (typeof EDITIONS)[number]

/** A translator as a process of its own, with a door for each edition. */
async function startTranslator(
  stack: ProcessStack,
  pool: V1Pool,
  over: { readonly aggregate_channels: boolean; readonly user_identity: string },
): Promise<{ readonly translator: AppProcess; url(edition: EditionName): string }> {
  const { user_identity, aggregate_channels } = over
  const translator = new AppProcess('translator-proxy', {
    data_dir: join(stack.dataDir, 'translator'),
    direction: 'v2-to-v1',
    v2_to_v1: {
      aggregate_channels,
      difficulty: { shares_per_minute: 600, min_difficulty: 1e-8, start_difficulty: 1e-7 },
      pools: [{ url: `stratum+tcp://127.0.0.1:${pool.port}`, user_identity }],
    },
    listen: EDITIONS.map((edition) => ({ host: '127.0.0.1', port: 0, edition })),
    monitoring: { port: 0 },
  })
  const urls = new Map<EditionName, string>()
  for (const edition of EDITIONS) {
    const { url } = await translator.logged((line) => line.msg === 'listening' && line.edition === edition)
    urls.set(edition, String(url))
  }
  return { translator, url: (edition) => urls.get(edition) ?? '' }
}

async function startPool(stack: ProcessStack): Promise<V1Pool> {
  await stack.startNode()
  const pool = new V1Pool({
    nodeUrl: stack.node.url,
    cookieFile: join(stack.dataDir, '.cookie'),
    difficulty: 2e-7,
    versionMask: 0x1fff_e000,
  })
  await pool.start()
  return pool
}

describe('devices of both editions at a V1 pool', () => {
  const stack = new ProcessStack('current')
  const devices = new Map<string, { readonly device: AppProcess; readonly place: number }>()
  let pool: V1Pool
  let translator: AppProcess

  beforeAll(async () => {
    pool = await startPool(stack)
    const started = await startTranslator(stack, pool, { aggregate_channels: true, user_identity: 'me' })
    translator = started.translator
    for (const edition of EDITIONS) {
      const place = translator.place
      for (const mode of MODES) {
        devices.set(`${mode} ${edition}`, { device: stack.startDevice(started.url(edition), mode), place })
      }
      // devices of one mode declare the same: these are told apart by when they came
      for (const mode of MODES) await devices.get(`${mode} ${edition}`)!.device.logged('channel opened')
    }
  })
  afterAll(async () => {
    await translator.kill('SIGKILL')
    pool.stop()
    await stack.close()
  })

  test.each(EDITIONS.flatMap((edition) => MODES.map((mode) => ({ edition, mode }))))(
    "a block found in mode $mode of edition $edition becomes part of the node's chain",
    async (which) => {
      const { device, place } = devices.get(`${which.mode} ${which.edition}`)!
      const opened = await translator.logged(
        (line) => line.msg === 'channel opened' && line.nominalHashrate === nominalHashrate(which.mode),
        place,
      )
      await device.logged('shares accepted')
      // of two blocks found at the same time one loses; the next one counts as well
      const { hash } = await translator.logged(
        ({ msg, session, hash: found }) =>
          msg === 'block found' && session === opened.session && pool.blocks.includes(String(found)),
      )
      expect(Buffer.from(stack.node.block(String(hash)) ?? []).includes(V1_TAG)).toBe(true)
    },
  )

  test('a new extranonce costs no share', async () => {
    const before = pool.shares.length
    pool.renewExtranonce()
    await pool.until(() => pool.shares.length > before + 60)
    const wrong = pool.shares.slice(before).filter(({ verdict }) => verdict !== true && verdict !== 21)
    expect(wrong).toEqual([])
  })

  test('devices stay connected while the pool is away, and mine on when it is back', async () => {
    const place = translator.place
    pool.stop()
    await translator.logged('pool lost', place)
    const before = pool.shares.length
    await pool.start()
    await translator.logged('pool in use', place)
    await pool.until(() => pool.shares.slice(before).some(({ verdict }) => verdict === true))
    const gone = translator.log
      .slice(place)
      .filter((line) => line.msg === 'connection closed' && line.port === 'miners')
    expect(gone).toEqual([])
    pool.reconnect()
    const again = translator.place
    await translator.logged('pool in use', again)
  })

  test('the pool refused nothing but what was late, and the devices end well', async () => {
    const verdicts = new Set(pool.shares.map(({ verdict }) => verdict))
    verdicts.delete(21)
    expect([...verdicts]).toEqual([true])
    const endings = await Promise.all([...devices.values()].map(({ device }) => device.kill('SIGTERM')))
    expect(endings.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0, 0])
    expect(translator.log.filter(({ msg }) => msg === 'miner misbehaved')).toEqual([])
  })
})

describe('a pool connection for each device', () => {
  const stack = new ProcessStack('current')
  let pool: V1Pool
  let translator: AppProcess
  let url: string

  beforeAll(async () => {
    pool = await startPool(stack)
    const names = { aggregate_channels: false, user_identity: '{user}.{worker}' }
    const started = await startTranslator(stack, pool, names)
    translator = started.translator
    url = started.url('current')
  })
  afterAll(async () => {
    await translator.kill('SIGKILL')
    pool.stop()
    await stack.close()
  })

  test('bears its name, finds blocks, and ends with it', async () => {
    const devices = [stack.startDevice(url, 'standard'), stack.startDevice(url, 'extended')]
    const workers = ['e2e.standard', 'e2e.extended']
    await pool.until(() =>
      workers.every((name) => pool.shares.some(({ worker, verdict }) => worker === name && verdict === true)),
    )
    await pool.until(() => pool.blocks.length > 0)
    expect(pool.connections).toBe(2)
    await Promise.all(devices.map((device) => device.kill('SIGTERM')))
    await pool.until(() => pool.connections === 0)
  })
})
