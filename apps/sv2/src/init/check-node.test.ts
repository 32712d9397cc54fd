import { NodeRpcError } from '@sv2/runtime'
import { describe, expect, test } from 'vitest'
import { checkNode } from './check-node.ts'

const NOW_SEC = 1_800_000_000
const WELL: Readonly<Record<string, unknown>> = {
  getnetworkinfo: { version: 290_000, subversion: '/Satoshi:29.0.0/', timeoffset: 0, connections: 8 },
  getblockchaininfo: {
    chain: 'main',
    blocks: 900_000,
    headers: 900_000,
    initialblockdownload: false,
    pruned: false,
    time: NOW_SEC - 600,
  },
  getmempoolinfo: { loaded: true, size: 5 },
  getblocktemplate: {},
}

/** What is not fine with a node that answers as a good one does but for some calls. */
async function found(change: Readonly<Record<string, object>> = {}, wanted?: 'mainnet' | 'signet') {
  const rpc = {
    url: 'http://node',
    call(method: string) {
      const answer =
        change[method] instanceof Error ? change[method] : { ...(WELL[method] as object), ...change[method] }
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer)
    },
  }
  const { findings } = await checkNode(rpc, { wanted, now: NOW_SEC * 1_000 })
  return findings.filter(({ state }) => state !== 'fine')
}

const refused = (code: number | undefined) => new NodeRpcError('refused', { code, cause: undefined })

describe('a node', () => {
  test('that is well gives nothing to do', async () => {
    expect(await found({}, 'mainnet')).toEqual([])
  })

  test.each([
    ['of another network', {}, 'signet', 'wrong', /not of signet/],
    ['that is old', { getnetworkinfo: { version: 200_000 } }, undefined, 'care', /older/],
    ['without peers', { getnetworkinfo: { connections: 0 } }, undefined, 'care', /no peers/],
    ['whose clock is off', { getnetworkinfo: { timeoffset: -90 } }, undefined, 'care', /-90 s/],
    [
      'that downloads the chain',
      { getblockchaininfo: { initialblockdownload: true, verificationprogress: 0.5 } },
      undefined,
      'care',
      /50\.0 %/,
    ],
    ['with an old tip', { getblockchaininfo: { time: NOW_SEC - 86_400 } }, undefined, 'care', /24 hours/],
    ['that reads its mempool', { getmempoolinfo: { loaded: false } }, undefined, 'care', /mempool/],
    ['without templates', { getblocktemplate: refused(403) }, undefined, 'care', /no block template/],
    ['of a foreign chain', { getblockchaininfo: { chain: 'liquid' } }, undefined, 'wrong', /liquid/],
    ['with another cookie', { getnetworkinfo: refused(401) }, undefined, 'wrong', /refused/],
    ['that is away', { getnetworkinfo: refused(undefined) }, undefined, 'wrong', /refused/],
    ['that is no node', { getnetworkinfo: { version: 'x' } }, undefined, 'wrong', /does not answer as/],
  ] as const)('%s is told, with what to do', async (_, change, wanted, state, what) => {
    const findings = await found(change, wanted)
    expect(findings).toEqual([
      { state, what: expect.stringMatching(what), todo: expect.stringMatching(/\w/) },
    ])
  })
})
