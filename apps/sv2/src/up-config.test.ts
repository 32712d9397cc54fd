import { ConfigError, formatProblem } from '@sv2/app-kit'
import { pool } from '@sv2/pool'
import { parse } from 'smol-toml'
import { describe, expect, test } from 'vitest'
import { checkUp, loadUp, poolTree, printUp, translatorTree } from './up-config.ts'

const LEAST = '[[nodes]]\ncookie_file = "/c"\n'

function problems(toml: string): readonly string[] {
  return checkUp({ tree: parse(toml), overrides: [] }).problems.map(formatProblem)
}

describe('sv2.toml', () => {
  test('a node is enough: a solo pool on mainnet', () => {
    expect(problems(LEAST)).toEqual([])
    expect(pool.schema.parse(poolTree(parse(LEAST)))).toMatchObject({
      network: 'mainnet',
      data_dir: './sv2-data/pool',
      payout: { mode: 'solo' },
      job_negotiator: { enabled: true, nodes: [{ cookie_file: '/c' }] },
      ledger: { nodes: [{ cookie_file: '/c' }] },
      listen: [{ host: '0.0.0.0', port: 3_333, protocol: 'both' }],
    })
  })

  test('a node that is given by its socket is for templates: nothing else asks it', () => {
    const toml = '[[nodes]]\nipc = "~/.bitcoin/node.sock"\n'
    expect(problems(toml)).toEqual([])
    expect(pool.schema.parse(poolTree(parse(toml)))).toMatchObject({
      job_negotiator: { enabled: false, nodes: [] },
      ledger: { nodes: [] },
    })
  })

  test('problems of the head and of all sections are told at once, in the spelling of the file', () => {
    const toml = `network = "main"
mode = "pplns"
[[nodes]]
url = "ftp://x"
[pool]
network = "signet"
coinbase_tga = "x"
[pool.payout]
mode = "solo"
[template_provider]
template_interval_sec = 0
[translator_proxy.v1_to_v2]
aggregate_channels = true`
    expect(problems(toml)).toEqual([
      expect.stringMatching(/^network = "main": must be one of/),
      expect.stringMatching(/^nodes\.0\.url = "ftp:\/\/x"/),
      expect.stringMatching(/^nodes\.0\.cookie_file: is required/),
      expect.stringMatching(/^template_provider\.template_interval_sec = 0: must be at least 0\.1/),
      expect.stringMatching(/^pool\.network = "signet": is said once for all roles, by network/),
      expect.stringMatching(/^pool\.payout\.mode = "solo": is said once for all roles, by mode/),
      expect.stringMatching(/^pool\.coinbase_tga = "x": unknown key; did you mean coinbase_tag\?/),
      expect.stringMatching(/^translator_proxy\.v1_to_v2\.aggregate_channels = true: is set by this program/),
    ])
  })

  test('an address that is missing, or of another network, is a problem of `address`', () => {
    expect(problems(`mode = "pool"\n${LEAST}`)).toEqual(['address: is required in mode pool'])
    const other = 'address = "bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202"'
    expect(problems(`mode = "pplns"\n${other}\n${LEAST}`)).toEqual([
      expect.stringMatching(/^address = "bcrt1.*regtest/),
    ])
  })

  test('worker processes are for a pool of its own: V1 sessions stay in one process', () => {
    expect(problems(`${LEAST}[pool]\nworkers = 4`)).toEqual(['pool.workers = 4: is set by this program'])
  })

  test('a port that two roles want is a problem', () => {
    expect(problems(`${LEAST}[pool.monitoring]\nport = 9094`)).toEqual([
      'template_provider.monitoring.port = 9094: pool.monitoring listens there already',
    ])
  })

  test('the environment sets keys of sections, and every problem is thrown', () => {
    const env = { SV2_UP__NODES__0__COOKIE_FILE: '/c', SV2_UP__POOL__LISTEN__0__PORT: '4444' }
    const { tree } = loadUp({ file: undefined, env, prefix: 'SV2_UP' }, 'warn')
    expect(pool.schema.parse(poolTree(tree)).listen).toMatchObject([{ port: 4_444, protocol: 'both' }])
    expect(() => loadUp({ file: undefined, env: {}, prefix: 'SV2_UP' }, 'warn')).toThrow(ConfigError)
  })

  test.each([
    ['', 'always'],
    ['mode = "pplns"\n', 'always'],
    ['mode = "pplns"\npool.payout.names = true\n', 'auto'],
    ['mode = "pool"\n', 'auto'],
  ])('%j: V1 user names have to be addresses: %s', (head, identity) => {
    expect(translatorTree(parse(`${head}${LEAST}`))).toMatchObject({
      v1_to_v2: { identity_is_address: identity, aggregate_channels: false },
    })
  })

  test('what --print-default prints is a configuration, and names the keys of the roles', () => {
    const text = printUp().replace('# cookie_file = ""', 'cookie_file = "/c"')
    expect(problems(text)).toEqual([])
    expect(text).toContain('# [translator_proxy.v1_to_v2.difficulty]')
    expect(text).not.toContain('aggregate_channels =')
  })
})
