import { ConfigError, type ConfigProblem, formatProblem, loadConfig, printDefaults } from '@sv2/app-kit'
import { describe, expect, test } from 'vitest'
import { configSchema, type MiningDeviceConfig } from './config.ts'

const PLAINTEXT = { DEVICE__UPSTREAM__HOST: '127.0.0.1', DEVICE__UPSTREAM__NOISE: 'false' }

function load(env: Readonly<Record<string, string>>, flags: Readonly<Record<string, string>> = {}) {
  const overrides = Object.entries(flags).map(([key, text]) => ({
    variable: key,
    path: key.split('.'),
    text,
  }))
  return loadConfig(configSchema, { file: undefined, env, prefix: 'DEVICE', overrides })
}

function problems(env: Readonly<Record<string, string>>): readonly ConfigProblem[] {
  try {
    load(env)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

describe('configuration of the mining device', () => {
  test('needs a server and nothing else', () => {
    const config: MiningDeviceConfig = load(PLAINTEXT)
    expect(config).toMatchObject({ mode: 'standard', threads: 0, nominal_hashrate: 0, extensions: [] })
    expect(config.hashrate_cap).toBeUndefined()
    expect(config.monitoring.enabled).toBe(false)
  })

  test('says that a server is missing', () => {
    expect(problems({}).map(formatProblem)).toEqual(['upstream.url: is required, or host and port'])
  })

  test.each([
    { key: 'mode', value: 'header', message: 'must be one of standard, grouped, extended' },
    { key: 'threads', value: '-1', message: 'must be at least 0' },
    { key: 'min_extranonce_size', value: '33', message: 'must be at most 32' },
    { key: 'hashrate_cap', value: '0', message: 'must be at least 0.001' },
    { key: 'user_identity', value: 'ä'.repeat(128), message: 'must be at most 255 bytes of UTF-8' },
    { key: 'user_identity', value: '', message: 'must not be empty' },
    { key: 'worker', value: 'ä'.repeat(17), message: 'must be at most 32 bytes of UTF-8' },
    { key: 'thread', value: '2', message: 'unknown key; did you mean threads?' },
    { key: 'monitoring.port', value: '70000', message: 'must be at most 65535' },
  ])('$key = $value is a problem of that key', ({ key, value, message }) => {
    const variable = `DEVICE__${key.toUpperCase().replace('.', '__')}`
    const found = problems({ ...PLAINTEXT, [variable]: value })
    expect(found).toHaveLength(1)
    expect(found[0]).toMatchObject({ key, message })
  })

  test('worker names are asked for by the number of their extension, and others are not known', () => {
    const env = { ...PLAINTEXT, DEVICE__EXTENSIONS: '[2]', DEVICE__WORKER: 'rig7' }
    expect(load(env)).toMatchObject({ extensions: [2], worker: 'rig7' })
    expect(problems({ ...PLAINTEXT, DEVICE__EXTENSIONS: '[3]' })[0]?.key).toBe('extensions.0')
  })

  test('the example is a valid configuration', () => {
    const file = `${import.meta.dirname}/../config.example.toml`
    const config = loadConfig(configSchema, { file, env: {}, prefix: 'DEVICE' })
    expect(config.upstream.url).toContain('stratum2+tcp://')
  })

  test('the command line wins over the environment', () => {
    const env = { ...PLAINTEXT, DEVICE__THREADS: '3', DEVICE__USER_IDENTITY: 'a' }
    const config = load(env, { threads: '2', user_identity: '007', hashrate_cap: '12.5' })
    expect(config).toMatchObject({ threads: 2, user_identity: '007', hashrate_cap: 12.5 })
  })

  test('every key is described in the printed defaults', () => {
    const lines = printDefaults(configSchema, 'mining device').split('\n')
    const keys = lines.flatMap((line, i) => (/^(# )?[a-z_]+ = /.test(line) ? [i] : []))
    expect(keys.length).toBeGreaterThan(15)
    for (const i of keys) expect(lines[i - 1], lines[i]).toMatch(/^# \S/)
  })
})
