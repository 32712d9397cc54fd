import { readFileSync } from 'node:fs'
import { ConfigError, formatProblem, loadConfig, printDefaults } from '@sv2/app-kit'
import { describe, expect, test } from 'vitest'
import { templateProvider } from './app.ts'
import { configSchema, type TemplateProviderConfig } from './config.ts'

const LEAST = { TP__NODES__0__COOKIE_FILE: '/node/.cookie' }
const EXAMPLE = `${import.meta.dirname}/../config.example.toml`

function load(env: Readonly<Record<string, string>>): TemplateProviderConfig {
  return loadConfig(configSchema, { file: undefined, env, prefix: 'TP' })
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

describe('configuration of the template provider', () => {
  test('needs a login for its node and nothing else', () => {
    expect(load(LEAST)).toMatchObject({ network: 'regtest', nodes: [{ url: 'http://127.0.0.1:18443' }] })
    expect(problems({})).toEqual([
      'nodes.0.cookie_file: is required, or user and password; or ipc instead of all',
    ])
  })

  test('keeps the login out of the address, which is logged', () => {
    expect(problems({ ...LEAST, TP__NODES__0__URL: 'http://u:secret@127.0.0.1:8332' })).toEqual([
      'nodes.0.url = "http://(not shown)@127.0.0.1:8332": user and password have keys of their own',
    ])
  })

  test('takes a node by its socket, without a login', () => {
    expect(load({ TP__NODES__0__IPC: '~/.bitcoin/node.sock' })).toMatchObject({
      nodes: [{ ipc: '~/.bitcoin/node.sock' }],
    })
    const both = { TP__NODES__0__IPC: '/n.sock', ...LEAST, TP__NODES__0__URL: 'http://10.0.0.2:8332' }
    expect(problems(both)).toEqual([
      'nodes.0.url = "http://10.0.0.2:8332": not together with ipc, which needs neither address nor login',
      'nodes.0.cookie_file = "/node/.cookie": not together with ipc, which needs neither address nor login',
    ])
  })

  test('takes more than one node', () => {
    const { nodes } = load({
      ...LEAST,
      TP__NODES__1__URL: 'http://10.0.0.2:8332',
      TP__NODES__1__USER: 'u',
      TP__NODES__1__PASSWORD: '12345',
    })
    expect(nodes).toMatchObject([
      { cookie_file: '/node/.cookie' },
      { url: 'http://10.0.0.2:8332', user: 'u', password: '12345' },
    ])
  })

  test.each([
    { env: { TP__NODES__0__USER: 'u' }, key: 'nodes.0.password' },
    { env: { TP__NODES__0__PASSWORD: 'p' }, key: 'nodes.0.user' },
    { env: { ...LEAST, TP__NODES__0__USER: 'u', TP__NODES__0__PASSWORD: 'p' }, key: 'nodes.0.user' },
    { env: { ...LEAST, TP__NODES__0__URL: 'ftp://node' }, key: 'nodes.0.url' },
    { env: { ...LEAST, TP__NETWORK: 'main' }, key: 'network' },
    { env: { ...LEAST, TP__TEMPLATE_INTERVAL_SEC: '0' }, key: 'template_interval_sec' },
    { env: { ...LEAST, TP__FEE_THRESHOLD_SAT: '-1' }, key: 'fee_threshold_sat' },
  ])('$key is the key of the problem with $env', ({ env, key }) => {
    const found = problems(env)
    expect(found).toHaveLength(1)
    expect(found[0]).toMatch(new RegExp(`^${key.replaceAll('.', '\\.')}(:| = )`))
  })

  test('the example is valid, and has what --print-default prints', () => {
    const config = loadConfig(configSchema, { file: EXAMPLE, env: {}, prefix: 'TP' })
    expect(config.nodes).toHaveLength(1)
    const printed = printDefaults(configSchema, `${templateProvider.name}: ${templateProvider.description}`)
    expect(keysIn(readFileSync(EXAMPLE, 'utf8'))).toEqual(keysIn(printed))
  })

  test('every key is described in the printed defaults', () => {
    const lines = printDefaults(configSchema, 'template provider').split('\n')
    const keys = lines.flatMap((line, i) => (/^(# )?[a-z_]+ = /.test(line) ? [i] : []))
    expect(keys.length).toBeGreaterThan(20)
    for (const i of keys) expect(lines[i - 1], lines[i]).toMatch(/^# \S/)
  })
})
