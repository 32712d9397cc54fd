import { ConfigError, formatProblem, loadConfig } from '@sv2/app-kit'
import { describe, expect, test } from 'vitest'
import { configSchema, type TranslatorProxyConfig } from '../config.ts'
import { dialedUpstreams, v1ToV2Settings } from './settings.ts'

const UPSTREAM = 'TRANSLATOR_PROXY__V1_TO_V2__UPSTREAMS__0__'
const SECOND = 'TRANSLATOR_PROXY__V1_TO_V2__UPSTREAMS__1__'
const SECTION = 'TRANSLATOR_PROXY__V1_TO_V2__'
const LEAST = {
  [`${UPSTREAM}HOST`]: '10.0.0.1',
  [`${UPSTREAM}NOISE`]: 'false',
  [`${UPSTREAM}USER_IDENTITY`]: 'me',
}

function load(env: Readonly<Record<string, string>>): TranslatorProxyConfig {
  return loadConfig(configSchema, { file: undefined, env, prefix: 'TRANSLATOR_PROXY' })
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

describe('configuration of direction v1-to-v2', () => {
  test('is the direction when nothing is said, and needs an upstream and our account there', () => {
    expect(problems({})).toEqual([expect.stringMatching(/^v1_to_v2\.upstreams.*is required/)])
    const config = load(LEAST)
    expect(config).toMatchObject({
      direction: 'v1-to-v2',
      network: 'mainnet',
      listen: [{ port: 34_255, protocol: 'both' }],
    })
    expect(dialedUpstreams(config.v1_to_v2)).toMatchObject([{ host: '10.0.0.1', port: 3_333 }])
    expect(
      v1ToV2Settings(config.v1_to_v2, { network: config.network, version: '1.2.3', doors: 1 }),
    ).toMatchObject({
      work: {
        aggregated: true,
        repeatMs: 60_000,
        rolled: { most: 8, least: 4 },
        miners: { difficultySteps: 1, extranonce: { leaseBytes: 4 } },
        upstreams: [{ identity: 'me', extensions: [2] }],
      },
      front: {
        startDifficulty: 64,
        minDifficulty: undefined,
        versionRollingMask: 0x1fff_e000,
        payoutCheck: { identityIsAddress: 'auto', network: 'mainnet' },
        doorDifficulty: [undefined],
      },
    })
  })

  test.each([
    [{ [`${UPSTREAM}USER_IDENTITY`]: '{user}' }, /user_identity = .*aggregate_channels/],
    [{ [`${SECTION}VERSION_ROLLING_MASK`]: '3fffe000' }, /version_rolling_mask = .*1fffffe0/],
    [{ [`${SECTION}VERSION_ROLLING_MASK`]: 'x' }, /eight digits of hex/],
    [{ [`${SECTION}EXTRANONCE2_BYTES`]: '9' }, /extranonce2_bytes = 9/],
    [{ [`${SECTION}DIFFICULTY__DOOR_START_DIFFICULTY`]: '[1,2]' }, /2 entries for 1 doors/],
    [{ [`${UPSTREAM}SHARE`]: '50' }, /the shares make 50 together/],
  ])('%o is a problem', (wrong, told) => {
    expect(problems({ ...LEAST, ...wrong })).toEqual([expect.stringMatching(told)])
  })

  test('addresses that upstreams pay are those of all miners, where they share an account', () => {
    const ours = 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4'
    const paidWith = (env: Record<string, string>) => {
      const { v1_to_v2 } = load({ ...LEAST, [`${UPSTREAM}USER_IDENTITY`]: `${ours}.farm`, ...env })
      const node = { network: 'mainnet', version: '1', doors: 1 } as const
      return v1ToV2Settings(v1_to_v2, node).front.payoutCheck.paid
    }
    expect(paidWith({})).toMatchObject([{ address: ours }])
    expect(paidWith({ [`${UPSTREAM}USER_IDENTITY`]: 'me' })).toEqual([])
    expect(paidWith({ [`${SECTION}AGGREGATE_CHANNELS`]: 'false' })).toBeUndefined()
  })

  const paid = { ...LEAST, [`${SECTION}VERIFY_PAYOUT`]: 'true' }
  const address = 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4'

  test.each([address, `${address}.rig`, `sri/solo/${address}`, `sri/donate/5/${address}/rig`])(
    'verify_payout takes %s',
    (identity) => {
      const config = load({ ...paid, [`${UPSTREAM}USER_IDENTITY`]: identity })
      const node = { network: config.network, version: '1', doors: 1 } as const
      expect(v1ToV2Settings(config.v1_to_v2, node).work.verifyPayout).toBe('mainnet')
    },
  )

  test.each(['me', 'sri/donate/rig', 'tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx'])(
    'verify_payout without an address of the network in user_identity is a problem: %s',
    (identity) => {
      const wrong = { ...paid, [`${UPSTREAM}USER_IDENTITY`]: identity }
      expect(problems(wrong)).toEqual([
        expect.stringMatching(/upstreams\.0\.user_identity = .*an address of mainnet/),
      ])
    },
  )

  test('verify_payout leaves the address to the miners where the identity is a template', () => {
    const own = { [`${SECTION}AGGREGATE_CHANNELS`]: 'false', [`${UPSTREAM}USER_IDENTITY`]: '{identity}' }
    expect(problems({ ...paid, ...own })).toEqual([])
  })

  test('without aggregation the identities are templates, and upstreams may share', () => {
    const own = {
      [`${SECTION}AGGREGATE_CHANNELS`]: 'false',
      [`${UPSTREAM}HOST`]: 'a',
      [`${UPSTREAM}NOISE`]: 'false',
      [`${UPSTREAM}SHARE`]: '30',
      [`${SECOND}HOST`]: 'b',
      [`${SECOND}NOISE`]: 'false',
      [`${SECOND}SHARE`]: '70',
      [`${SECOND}USER_IDENTITY`]: '{user}.x{worker}',
    }
    expect(problems(own)).toEqual([])
  })

  test('miners of the other direction speak Stratum V2', () => {
    const wrong = {
      TRANSLATOR_PROXY__DIRECTION: 'v2-to-v1',
      TRANSLATOR_PROXY__V2_TO_V1__POOLS__0__URL: 'stratum+tcp://10.0.0.1:3333',
      TRANSLATOR_PROXY__V2_TO_V1__POOLS__0__USER_IDENTITY: 'me',
      TRANSLATOR_PROXY__LISTEN__0__PROTOCOL: 'v1',
    }
    expect(problems(wrong)).toEqual([expect.stringMatching(/listen\.0\.protocol.*speak Stratum V2/)])
  })
})
