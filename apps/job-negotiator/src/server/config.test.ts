import { readFileSync } from 'node:fs'
import { ConfigError, formatProblem, loadConfig, printDefaults } from '@sv2/app-kit'
import { describe, expect, test } from 'vitest'
import { negotiatorServer } from './app.ts'
import { configSchema, type JobNegotiatorServerConfig } from './config.ts'
import { payoutSettings } from './settings.ts'

const LEAST = {
  JNS__PAYOUT__ADDRESS: 'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202',
  JNS__NODES__0__COOKIE_FILE: '/node/.cookie',
}
const EXAMPLE = `${import.meta.dirname}/../../config.server.example.toml`

function load(env: Readonly<Record<string, string>>): JobNegotiatorServerConfig {
  return loadConfig(configSchema, { file: undefined, env, prefix: 'JNS' })
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

describe('configuration of the job negotiator server', () => {
  test('needs an address and a login for its node, and nothing else', () => {
    expect(load(LEAST)).toMatchObject({
      network: 'regtest',
      listen: [{ port: 3_334 }],
      negotiation: { full_template_required: false, async_mining: false },
    })
    expect(problems({ JNS__NODES__0__COOKIE_FILE: '/node/.cookie' })).toEqual([
      'payout.address: is required in mode pool',
    ])
    expect(problems({ JNS__PAYOUT__ADDRESS: LEAST.JNS__PAYOUT__ADDRESS })).toEqual([
      'nodes.0.cookie_file: is required, or user and password',
    ])
  })

  test('lets a message through that holds all transactions of a block', () => {
    expect(load(LEAST).listen[0]!.max_payload_bytes).toBeGreaterThan(4_000_000)
  })

  test('in mode solo clients bring their own address', () => {
    const { JNS__PAYOUT__ADDRESS: _, ...others } = LEAST
    const config = load({ ...others, JNS__PAYOUT__MODE: 'solo' })
    expect(payoutSettings(config)).toMatchObject({ mode: 'solo', network: 'regtest' })
    expect(payoutSettings(load(LEAST))).toMatchObject({ mode: 'pool', script: { length: 22 } })
  })

  test('mode shared needs a pool that tells how blocks are split, and other modes have none', () => {
    const shared = { ...LEAST, JNS__PAYOUT__MODE: 'shared' }
    const pool = { JNS__POOL__HOST: '127.0.0.1', JNS__POOL__NOISE: 'false' }
    expect(problems(shared)).toEqual([expect.stringMatching(/^pool: .*is required in mode shared/)])
    expect(problems({ ...LEAST, ...pool })).toEqual([expect.stringContaining('is not used in mode pool')])
    expect(payoutSettings(load({ ...shared, ...pool }))).toMatchObject({ mode: 'shared', network: 'regtest' })
    expect(problems({ ...shared, ...pool, JNS__POOL__EDITION: 'draft' })).toEqual([
      expect.stringContaining('pool.edition'),
    ])
  })

  test('the outputs of a token have to fit into it', () => {
    const outputs = (bytes: number) => ({
      ...LEAST,
      JNS__PAYOUT__FURTHER_OUTPUTS: JSON.stringify(['6a'.repeat(bytes)]),
    })
    expect(problems(outputs(68))).toEqual([])
    expect(problems(outputs(69))).toEqual([
      expect.stringMatching(/^payout\.further_outputs = .*1 bytes too long for a token$/),
    ])
  })

  test.each([
    ['JNS__PAYOUT__ADDRESS', 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4'],
    ['JNS__PAYOUT__FURTHER_OUTPUTS', '["xx"]'],
    ['JNS__TOKEN_VALID_SEC', '59'],
    ['JNS__NEGOTIATION__TOKENS_PER_MINUTE', '0'],
    ['JNS__TRANSACTIONS__CACHE_MIB', '0'],
  ])('%s=%s is a problem of that key', (variable, value) => {
    const key = variable.slice('JNS__'.length).toLowerCase().replaceAll('__', '.')
    expect(problems({ ...LEAST, [variable]: value })).toEqual([expect.stringContaining(key)])
  })

  test('the example is valid, and has what --print-default prints', () => {
    const config = loadConfig(configSchema, { file: EXAMPLE, env: {}, prefix: 'JNS' })
    expect(config.nodes).toHaveLength(1)
    const printed = printDefaults(configSchema, `${negotiatorServer.name}: ${negotiatorServer.description}`)
    expect(keysIn(readFileSync(EXAMPLE, 'utf8'))).toEqual(keysIn(printed))
  })

  test('every key is described in the printed defaults', () => {
    const lines = printDefaults(configSchema, 'job negotiator server').split('\n')
    const keys = lines.flatMap((line, i) => (/^(# )?[a-z_]+ = /.test(line) ? [i] : []))
    expect(keys.length).toBeGreaterThan(30)
    for (const i of keys) expect(lines[i - 1], lines[i]).toMatch(/^# \S/)
  })
})
