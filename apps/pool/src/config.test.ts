import { readFileSync } from 'node:fs'
import { ConfigError, formatProblem, loadConfig, printDefaults } from '@sv2/app-kit'
import { describe, expect, test } from 'vitest'
import { booksSettings, pool } from './app.ts'
import { configSchema, type PoolConfig } from './config.ts'

const MINE = 'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202'
const MAINNET = 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4'
const LEAST = {
  POOL__PAYOUT__ADDRESS: MINE,
  POOL__TEMPLATE_PROVIDER__HOST: '127.0.0.1',
  POOL__TEMPLATE_PROVIDER__NOISE: 'false',
}
const EXAMPLE = `${import.meta.dirname}/../config.example.toml`

function load(env: Readonly<Record<string, string>>): PoolConfig {
  return loadConfig(configSchema, { file: undefined, env, prefix: 'POOL' })
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

describe('configuration of the pool', () => {
  test('needs an address and a template provider', () => {
    expect(load(LEAST)).toMatchObject({ network: 'regtest', listen: [{ port: 3_333, edition: 'current' }] })
  })

  test('an address of another network is refused in words that name the networks', () => {
    const [problem, ...others] = problems({ ...LEAST, POOL__PAYOUT__ADDRESS: MAINNET })
    expect(others).toEqual([])
    expect(problem).toContain(`payout.address = "${MAINNET}": `)
    expect(problem).toMatch(/mainnet.*regtest|regtest.*mainnet/)
  })

  test('an address that is none is refused', () => {
    expect(problems({ ...LEAST, POOL__PAYOUT__ADDRESS: 'bc1qnothing' })[0]).toMatch(/^payout\.address = /)
  })

  test('in mode solo the miners bring their own address', () => {
    const { POOL__PAYOUT__ADDRESS: _, ...others } = LEAST
    expect(problems(others)).toEqual(['payout.address: is required in mode pool'])
    expect(problems({ ...others, POOL__PAYOUT__MODE: 'solo' })).toEqual([])
  })

  test('a solo door needs a pool that splits blocks', () => {
    const door = { ...LEAST, POOL__LISTEN__0__PAYOUT_MODE: 'solo' }
    expect(problems({ ...door, POOL__PAYOUT__MODE: 'pplns' })).toEqual([])
    expect(problems(door)).toEqual([
      'listen.0.payout_mode = "solo": needs a payout.mode that splits blocks (pplns, slice, round, group or fpps): mode pool keeps no books',
    ])
    expect(problems({ ...door, POOL__PAYOUT__MODE: 'solo' })).toEqual([
      expect.stringContaining('says nothing more in payout.mode solo'),
    ])
    const wrong = { ...door, POOL__PAYOUT__MODE: 'pplns', POOL__LISTEN__0__PAYOUT_MODE: 'pplns' }
    expect(problems(wrong)).toEqual([expect.stringContaining('listen.0.payout_mode')])
  })

  test('names are taken where blocks are split', () => {
    const named = { ...LEAST, POOL__PAYOUT__NAMES: 'true' }
    expect(problems({ ...named, POOL__PAYOUT__MODE: 'pplns' })).toEqual([])
    expect(problems(named)).toEqual([expect.stringMatching(/^payout\.names = true: is for modes that split/)])
  })

  test('outputs that jobs of miners must have are part of the terms, where a server asks for them', () => {
    const terms = (enabled: boolean) =>
      booksSettings(
        load({
          ...LEAST,
          POOL__PAYOUT__MODE: 'pplns',
          POOL__JOB_NEGOTIATOR__FURTHER_OUTPUTS: '["6a0105"]',
          POOL__JOB_NEGOTIATOR__ENABLED: String(enabled),
          POOL__JOB_NEGOTIATOR__NODES__0__COOKIE_FILE: '/node/.cookie',
        }),
      ).ledger
    expect(terms(true).additionalScripts).toEqual([Uint8Array.of(0x6a, 1, 5)])
    expect(terms(false).additionalScripts).toBeUndefined()
  })

  test('a job negotiator server in this process needs a node', () => {
    const enabled = { ...LEAST, POOL__JOB_NEGOTIATOR__ENABLED: 'true' }
    expect(problems(enabled)).toEqual([expect.stringContaining('a node is required when it is enabled')])
    expect(problems({ ...enabled, POOL__JOB_NEGOTIATOR__NODES__0__COOKIE_FILE: '/node/.cookie' })).toEqual([])
  })

  test('a host to drain to has to fit into the message', () => {
    const told = problems({ ...LEAST, POOL__DRAIN_TO_HOST: 'é'.repeat(128) })
    expect(told).toEqual([expect.stringMatching(/^drain_to_host = .*at most 255 bytes/)])
  })

  test('an extension that is required must be supported', () => {
    expect(problems({ ...LEAST, POOL__EXTENSIONS__REQUIRED: '[2, 3]' })).toEqual([
      'extensions.required = [2,3]: 3 must be in extensions.supported too',
    ])
  })

  test('a negotiator server that is told of blocks speaks the current edition', () => {
    const server = { POOL__CUSTOM_WORK__NEGOTIATORS__0__HOST: 'jd.test' }
    const plain = { ...server, POOL__CUSTOM_WORK__NEGOTIATORS__0__NOISE: 'false' }
    expect(problems({ ...LEAST, ...plain })).toEqual([])
    expect(problems({ ...LEAST, ...plain, POOL__CUSTOM_WORK__NEGOTIATORS__0__EDITION: 'draft' })).toEqual([
      expect.stringContaining('custom_work.negotiators.0.edition'),
    ])
    const badKey = { ...server, POOL__CUSTOM_WORK__NEGOTIATORS__0__AUTHORITY_KEY: 'nonsense' }
    expect(problems({ ...LEAST, ...badKey })).toEqual([
      expect.stringContaining('custom_work.negotiators.0.authority_key'),
    ])
  })

  test.each([
    ['POOL__COINBASE_TAG', 'x'.repeat(33), 'must be at most 32'],
    ['POOL__DIFFICULTY__SHARES_PER_MINUTE', '0', 'must be at least 0.1'],
    ['POOL__PAYOUT__MAX_PAYOUTS', '0', 'must be at least 1'],
    ['POOL__PAYOUT__MAX_PAYOUTS', '1000001', 'must be at most 1000000'],
    ['POOL__EXTRANONCE__PREFIX_BYTES', '5', 'must be at most 4'],
    ['POOL__EXTRANONCE__SERVER_ID', '65536', 'must be at most 65535'],
    ['POOL__LISTEN__0__MAX_QUEUED_BYTES', '1', 'must be at least 65536'],
  ])('%s=%s %s', (variable, value, message) => {
    const key = variable.slice('POOL__'.length).toLowerCase().replaceAll('__', '.')
    expect(problems({ ...LEAST, [variable]: value })).toEqual([expect.stringContaining(`${key} = `)])
    expect(problems({ ...LEAST, [variable]: value })[0]).toContain(message)
  })

  test('the example is valid, and has what --print-default prints', () => {
    const config = loadConfig(configSchema, { file: EXAMPLE, env: {}, prefix: 'POOL' })
    expect(config.payout.address).toBe(MINE)
    const printed = printDefaults(configSchema, `${pool.name}: ${pool.description}`)
    expect(keysIn(readFileSync(EXAMPLE, 'utf8'))).toEqual(keysIn(printed))
  })

  test('every key is described in the printed defaults', () => {
    const lines = printDefaults(configSchema, 'pool').split('\n')
    const keys = lines.flatMap((line, i) => (/^(# )?[a-z_]+ = /.test(line) ? [i] : []))
    expect(keys.length).toBeGreaterThan(40)
    for (const i of keys) expect(lines[i - 1], lines[i]).toMatch(/^# \S/)
  })
})
