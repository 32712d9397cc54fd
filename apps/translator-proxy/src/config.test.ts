import { readFileSync } from 'node:fs'
import { ConfigError, formatProblem, loadConfig, printDefaults } from '@sv2/app-kit'
import { describe, expect, test } from 'vitest'
import { translatorProxy } from './app.ts'
import { configSchema, type TranslatorProxyConfig } from './config.ts'
import { dialedPool, v2ToV1Settings } from './v2-to-v1/settings.ts'

const POOL = 'TRANSLATOR_PROXY__V2_TO_V1__POOLS__0__'
const LEAST = {
  TRANSLATOR_PROXY__DIRECTION: 'v2-to-v1',
  [`${POOL}URL`]: 'stratum+tcp://10.0.0.1:3333',
  [`${POOL}USER_IDENTITY`]: 'me',
}
const EXAMPLE = `${import.meta.dirname}/../config.example.toml`

function load(env: Readonly<Record<string, string>>): TranslatorProxyConfig {
  const config = loadConfig(configSchema, { file: undefined, env, prefix: 'TRANSLATOR_PROXY' })
  translatorProxy.check?.(config)
  return config
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
  return text.split('\n').map((line) => line.replace(/^(?:# )?(\[\[)?([a-z_0-9.]+)(\]\]| = .*)$/, '$2'))
}

describe('configuration of the translator', () => {
  test('needs a pool and who we are there, and nothing else', () => {
    expect(problems({ TRANSLATOR_PROXY__DIRECTION: 'v2-to-v1' })).toEqual([
      expect.stringMatching(/^v2_to_v1\.pools.*is required/),
    ])
    const config = load(LEAST)
    expect(config).toMatchObject({ direction: 'v2-to-v1', listen: [{ port: 34_255 }] })
    expect(v2ToV1Settings(config.v2_to_v1, '1.2.3')).toMatchObject({
      aggregate: true,
      userAgent: 'sv2-translator/1.2.3',
      pools: [{ host: '10.0.0.1', port: 3333, user: 'me', password: 'x', versionRolling: true }],
      miners: { extranonce: { leaseBytes: 2 } },
    })
    expect(dialedPool(config.v2_to_v1, 0)).toMatchObject({ host: '10.0.0.1', port: 3333, tls: false })
  })

  test('pools over TLS are dialed so', () => {
    const config = load({ ...LEAST, [`${POOL}URL`]: 'stratum+ssl://pool.example:443' })
    expect(dialedPool(config.v2_to_v1, 0)).toMatchObject({
      host: 'pool.example',
      port: 443,
      tls: true,
      verifyCertificate: true,
    })
  })

  test.each([
    [{ [`${POOL}URL`]: 'http://10.0.0.1' }, /url = "http:\/\/10\.0\.0\.1": must be stratum\+tcp/],
    [{ [`${POOL}USER_IDENTITY`]: '{user}' }, /user_identity = .*aggregate_channels = false/],
    [{ [`${POOL}PASSWORD_FILE`]: '/nowhere/x' }, /password_file = .*: cannot be read: ENOENT/],
    [{ TRANSLATOR_PROXY__DIRECTION: 'up' }, /direction = "up": must be one of v1-to-v2, v2-to-v1/],
  ])('%o is a problem', (wrong, told) => {
    expect(problems({ ...LEAST, ...wrong })).toEqual([expect.stringMatching(told)])
  })

  test('names are templates where each channel has its own connection', () => {
    const own = { ...LEAST, TRANSLATOR_PROXY__V2_TO_V1__AGGREGATE_CHANNELS: 'false' }
    expect(problems({ ...own, [`${POOL}USER_IDENTITY`]: '{user}.{worker}' })).toEqual([])
  })

  test('the example is valid, and has what --print-default prints', () => {
    const config = loadConfig(configSchema, { file: EXAMPLE, env: {}, prefix: 'TRANSLATOR_PROXY' })
    expect(config.v2_to_v1.pools).toHaveLength(1)
    const printed = printDefaults(configSchema, `${translatorProxy.name}: ${translatorProxy.description}`)
    expect(keysIn(readFileSync(EXAMPLE, 'utf8'))).toEqual(keysIn(printed))
  })

  test('every key is described in the printed defaults', () => {
    const lines = printDefaults(configSchema, 'translator-proxy').split('\n')
    const keys = lines.flatMap((line, i) => (/^(# )?[a-z_]+ = /.test(line) ? [i] : []))
    expect(keys.length).toBeGreaterThan(30)
    for (const i of keys) expect(lines[i - 1], lines[i]).toMatch(/^# \S/)
  })
})
