import { readFileSync } from 'node:fs'
import { ConfigError, formatProblem, loadConfig, printDefaults } from '@sv2/app-kit'
import { describe, expect, test } from 'vitest'
import { jobNegotiatorClient } from './app.ts'
import { configSchema, type JobNegotiatorClientConfig } from './config.ts'
import { clientSettings, dialedPairs, frontSettings } from './settings.ts'

const PREFIX = 'JOB_NEGOTIATOR_CLIENT'
const MINE = 'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202'
const MAINNET = 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4'
const EXAMPLE = `${import.meta.dirname}/../../config.client.example.toml`

/** Environment variables by what stands behind the prefix. */
function variables(keys: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(keys).map(([key, value]) => [`${PREFIX}__${key}`, value]))
}

const POOL = {
  UPSTREAMS__0__USER_IDENTITY: 'farm.1',
  UPSTREAMS__0__POOL__HOST: 'pool.lan',
  UPSTREAMS__0__POOL__NOISE: 'false',
  UPSTREAMS__0__NEGOTIATOR__HOST: 'jds.lan',
  UPSTREAMS__0__NEGOTIATOR__NOISE: 'false',
}
const LEAST = {
  PAYOUT__ADDRESS: MINE,
  TEMPLATE_PROVIDER__HOST: '127.0.0.1',
  TEMPLATE_PROVIDER__NOISE: 'false',
}

function load(keys: Readonly<Record<string, string>>): JobNegotiatorClientConfig {
  return loadConfig(configSchema, { file: undefined, env: variables(keys), prefix: PREFIX })
}

function problems(keys: Readonly<Record<string, string>>): readonly string[] {
  try {
    load(keys)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(formatProblem)
    throw error
  }
  return []
}

/** Every line that sets a key, commented out or not, without the value. */
function keysIn(text: string): readonly string[] {
  return text.split('\n').map((line) => line.replace(/^(?:# )?(\[{0,2})([a-z_0-9.]+)(\]{1,2}| = .*)$/, '$2'))
}

describe('configuration of the negotiator client', () => {
  test('needs a pool with its server, a template provider, and an address of our own', () => {
    const config = load({ ...LEAST, ...POOL })
    expect(config).toMatchObject({ mode: 'full-template', listen: [{ port: 34_265 }] })
    const kinds = ['pool', 'negotiator', 'offers'] as const
    expect(kinds.map((kind) => dialedPairs(config)({ kind, index: 0 }))).toMatchObject([
      { host: 'pool.lan', port: 3_333, protocol: 'mining' },
      { host: 'jds.lan', port: 3_334, protocol: 'negotiation' },
      { host: 'pool.lan', port: 3_333, protocol: 'mining' },
    ])
    expect(clientSettings(config, '1.2.3')).toMatchObject({
      fullTemplate: true,
      pairs: [{ name: 'pool.lan:3333', userIdentity: 'farm.1', asyncMining: false }],
      patience: { raceMs: 30_000, customJobMs: 15_000 },
      miners: { difficultySteps: 4 },
    })
  })

  test('names every problem at once', () => {
    expect(problems({ TEMPLATE_PROVIDER__HOST: '127.0.0.1' })).toEqual([
      expect.stringMatching(/^payout/),
      expect.stringMatching(/^template_provider\.authority_key: is required with noise/),
    ])
    expect(problems({ ...LEAST, PAYOUT__ADDRESS: MAINNET })).toEqual([
      expect.stringMatching(/^payout\.address = .*(mainnet.*regtest|regtest.*mainnet)/),
      expect.stringMatching(/^upstreams.*is required: a pool and its negotiator server, or mode = "solo"/),
    ])
  })

  test('solo asks no pool', () => {
    expect(problems({ ...LEAST, MODE: 'solo' })).toEqual([])
    expect(problems({ ...LEAST, ...POOL, MODE: 'solo' })).toEqual([
      expect.stringContaining('with mode = "solo" there are none'),
    ])
  })

  test('coinbase-only is for pools of the current edition', () => {
    const mode = { ...LEAST, ...POOL, MODE: 'coinbase-only' }
    expect(clientSettings(load(mode), '1').fullTemplate).toBe(false)
    expect(problems({ ...mode, UPSTREAMS__0__NEGOTIATOR__EDITION: 'draft' })).toEqual([
      expect.stringMatching(/^upstreams\.0.*edition draft has no mode coinbase-only/),
    ])
  })

  test('outputs of our own are addresses of the network', () => {
    const output = { COINBASE_OUTPUTS__0__ADDRESS: MINE, COINBASE_OUTPUTS__0__VALUE_SAT: '1000' }
    const { outputs } = clientSettings(load({ ...LEAST, ...POOL, ...output }), '1')
    expect(outputs).toMatchObject([{ value: 1_000n }])
    expect(problems({ ...LEAST, ...POOL, ...output, COINBASE_OUTPUTS__0__ADDRESS: 'x' })).toEqual([
      expect.stringMatching(/^coinbase_outputs\.0\.address = "x"/),
    ])
  })

  test('with the translator inside, difficulties and extranonce are what V1 miners take', () => {
    const config = load({ ...LEAST, ...POOL, TRANSLATOR__ENABLED: 'true' })
    expect(clientSettings(config, '1')).toMatchObject({
      miners: { difficultySteps: 1 },
      rollableExtranonceSize: 8,
    })
    expect(clientSettings(load({ ...LEAST, ...POOL }), '1').rollableExtranonceSize).toBe(14)
    expect(frontSettings(config)).toMatchObject({
      doorDifficulty: [undefined],
      versionRollingMask: 0x1fffe000,
    })
    expect(config.translator.listen).toMatchObject([{ port: 34_255, protocol: 'v1' }])
    expect(problems({ ...LEAST, ...POOL, TRANSLATOR__DIFFICULTY__DOOR_START_DIFFICULTY: '[1, 2]' })).toEqual([
      expect.stringContaining('has 2 entries for 1 doors'),
    ])
  })

  test('the example is valid, and has what --print-default prints', () => {
    const config = loadConfig(configSchema, { file: EXAMPLE, env: {}, prefix: PREFIX })
    expect(config.upstreams).toHaveLength(1)
    const { name, description } = jobNegotiatorClient
    const printed = printDefaults(configSchema, `${name}: ${description}`)
    expect(keysIn(readFileSync(EXAMPLE, 'utf8'))).toEqual(keysIn(printed))
  })

  test('every key is described in the printed defaults', () => {
    const lines = printDefaults(configSchema, 'client').split('\n')
    const keys = lines.flatMap((line, i) => (/^(# )?[a-z_0-9]+ = /.test(line) ? [i] : []))
    expect(keys.length).toBeGreaterThan(60)
    for (const i of keys) expect(lines[i - 1], lines[i]).toMatch(/^# \S/)
  })
})
