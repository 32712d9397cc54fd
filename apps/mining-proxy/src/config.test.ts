import { readFileSync } from 'node:fs'
import { ConfigError, formatProblem, loadConfig, printDefaults } from '@sv2/app-kit'
import { describe, expect, test } from 'vitest'
import { miningProxy } from './app.ts'
import { configSchema, type MiningProxyConfig } from './config.ts'
import { aggregatorSettings, dialedUpstreams, relaySettings } from './settings.ts'

const LEAST = {
  MINING_PROXY__UPSTREAMS__0__HOST: '10.0.0.1',
  MINING_PROXY__UPSTREAMS__0__NOISE: 'false',
}
const SECOND = {
  MINING_PROXY__UPSTREAMS__1__HOST: '10.0.0.2',
  MINING_PROXY__UPSTREAMS__1__PORT: '3400',
  MINING_PROXY__UPSTREAMS__1__NOISE: 'false',
}
const EXAMPLE = `${import.meta.dirname}/../config.example.toml`

function load(env: Readonly<Record<string, string>>): MiningProxyConfig {
  return loadConfig(configSchema, { file: undefined, env, prefix: 'MINING_PROXY' })
}

function problems(env: Readonly<Record<string, string>>): readonly string[] {
  try {
    load(env)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(formatProblem)
    throw error
  }
  return []
}

/** Every line that sets a key, commented out or not, without the value. */
function keysIn(text: string): readonly string[] {
  return text.split('\n').map((line) => line.replace(/^(?:# )?([a-z_]+) = .*$/, '$1'))
}

describe('configuration of the mining proxy', () => {
  test('needs an upstream, and nothing else', () => {
    expect(problems({})).toEqual([expect.stringMatching(/^upstreams\.0\.url.*is required/)])
    expect(load(LEAST)).toMatchObject({
      mode: 'transparent',
      when_upstreams_gone: 'stop',
      listen: [{ port: 3_335 }],
      upstreams: [{ host: '10.0.0.1' }],
    })
  })

  test('mode aggregating wants an account at each upstream', () => {
    const mode = { MINING_PROXY__MODE: 'aggregating' }
    const account = (identity: string) => ({ MINING_PROXY__UPSTREAMS__0__IDENTITY: identity })
    expect(problems({ ...LEAST, ...mode })).toEqual([expect.stringMatching(/identity.*our account there/)])
    expect(problems({ ...LEAST, ...mode, ...account('{user}') })).toHaveLength(1)
    expect(problems({ ...LEAST, ...mode, ...account('farm.a') })).toEqual([])
    const config = load({ ...LEAST, ...mode, ...account('farm.a') })
    expect(aggregatorSettings(config, '1.2.3')).toMatchObject({
      aggregated: true,
      upstreams: [{ identity: 'farm.a', flags: 0 }],
      rolled: { most: 16, least: 4 },
      miners: { extranonce: { leaseBytes: 2 }, shareBatchMs: 1_000 },
    })
  })

  test('the least a miner rolls is not more than the most', () => {
    expect(problems({ ...LEAST, MINING_PROXY__AGGREGATING__MIN_ROLLABLE_BYTES: '20' })).toEqual([
      expect.stringMatching(/min_rollable_bytes.*not be more than rollable_bytes, 16/),
    ])
  })

  test('upstreams are dialed and named in their order', () => {
    const config = load({ ...LEAST, ...SECOND, MINING_PROXY__UPSTREAMS__1__IDENTITY: 'farm' })
    expect(dialedUpstreams(config)).toMatchObject([
      { host: '10.0.0.1', port: 3333 },
      { host: '10.0.0.2', port: 3400, protocol: 'mining' },
    ])
    expect(relaySettings(config, '1.2.3')).toMatchObject({
      upstreams: [
        { name: '10.0.0.1:3333', identity: '{identity}', share: undefined },
        { name: '10.0.0.2:3400', identity: 'farm', identification: { firmware: '1.2.3' } },
      ],
      stopAfterMs: 30_000,
      trustAfterMs: 30_000,
    })
  })

  test.each([
    [{ MINING_PROXY__UPSTREAMS__0__SHARE: '60', MINING_PROXY__UPSTREAMS__1__SHARE: '40' }, []],
    [{ MINING_PROXY__UPSTREAMS__0__SHARE: '100' }, []],
    [
      { MINING_PROXY__UPSTREAMS__0__SHARE: '60', MINING_PROXY__UPSTREAMS__1__SHARE: '39' },
      ['upstreams.0.share = 60: the shares make 99 together, not 100'],
    ],
    [
      { MINING_PROXY__UPSTREAMS__1__SHARE: '0' },
      ['upstreams.1.share = 0: the shares make 0 together, not 100'],
    ],
  ])('shares make 100 together: %o', (shares, expected) => {
    expect(problems({ ...LEAST, ...SECOND, ...shares })).toEqual(expected)
  })

  test('an identity has to fit into the message', () => {
    const told = problems({ ...LEAST, MINING_PROXY__UPSTREAMS__0__IDENTITY: 'é'.repeat(128) })
    expect(told).toEqual([expect.stringMatching(/identity.*at most 255 bytes/)])
  })

  test('the example is valid, and has what --print-default prints', () => {
    const config = loadConfig(configSchema, { file: EXAMPLE, env: {}, prefix: 'MINING_PROXY' })
    expect(config.upstreams).toHaveLength(1)
    const printed = printDefaults(configSchema, `${miningProxy.name}: ${miningProxy.description}`)
    expect(keysIn(readFileSync(EXAMPLE, 'utf8'))).toEqual(keysIn(printed))
  })

  test('every key is described in the printed defaults', () => {
    const lines = printDefaults(configSchema, 'mining-proxy').split('\n')
    const keys = lines.flatMap((line, i) => (/^(# )?[a-z_]+ = /.test(line) ? [i] : []))
    expect(keys.length).toBeGreaterThan(30)
    for (const i of keys) expect(lines[i - 1], lines[i]).toMatch(/^# \S/)
  })
})
