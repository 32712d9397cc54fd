import { addressToScript, encodeOutput, equalBytes, parseCountedOutputs } from '@sv2/bitcoin'
import { current } from '@sv2/messages/current'
import { draft } from '@sv2/messages/draft'
import type { WirePeer } from '@sv2/sim'
import { describe, expect, test } from 'vitest'
import { aSetup, PAYOUT_SCRIPT, proves } from '../_fixtures.ts'
import { aNegotiator, aNegotiatorClient, aToken, FURTHER_SCRIPT } from '../_negotiator.ts'
import { types } from '../_provider.ts'

const ask = (client: WirePeer, requestId: number, userIdentifier = 'alice') =>
  client.send({ type: 'AllocateMiningJobToken', userIdentifier, requestId })

/** Size of the outputs that a token's job has to have. */
const TOKEN_OUTPUTS_SIZE = [PAYOUT_SCRIPT, FURTHER_SCRIPT].reduce(
  (size, script) => size + encodeOutput({ value: 0n, script }).length,
  0,
)

describe('setup', () => {
  test.each([
    ['unsupported-protocol', { protocol: 0 }],
    ['protocol-version-mismatch', { protocol: 1, minVersion: 3, maxVersion: 3 }],
    ['unsupported-feature-flags', { protocol: 1, flags: 2 }],
  ] as const)('of a client that is none of ours is refused with %s, and closed', (errorCode, overrides) => {
    for (const edition of [current, draft]) {
      const { link } = aNegotiator()
      const client = link.connect({
        port: { kind: 'clients' },
        edition,
        protocol: 'negotiation',
        plays: 'client',
      })
      client.send(aSetup(overrides))
      expect(client.received()).toMatchObject([{ type: 'SetupConnection.Error', errorCode }])
      expect(client.closed).toBe(errorCode)
    }
  })

  proves(
    'JDS-12',
    'current',
    'a client that reveals no transactions is taken, and may not declare',
    (edition) => {
      const world = aNegotiator()
      const client = aNegotiatorClient(world, edition, 0)
      expect(world.link.factsOf('clientConnected')).toMatchObject([{ mode: 'coinbase-only' }])
      const { miningJobToken } = aToken(client)
      client.send({
        type: 'DeclareMiningJob',
        requestId: 3,
        miningJobToken,
        version: 2,
        coinbaseTxPrefix: new Uint8Array(0),
        coinbaseTxSuffix: new Uint8Array(0),
        wtxidList: [],
        excessData: new Uint8Array(0),
      })
      expect(client.received()).toMatchObject([
        { type: 'DeclareMiningJob.Error', requestId: 3, errorCode: 'invalid-mining-job-token' },
      ])
    },
  )

  proves('JDS-12', 'current', 'a server that needs the transactions refuses it', (edition) => {
    const { link } = aNegotiator({ fullTemplateRequired: true })
    const client = link.connect({
      port: { kind: 'clients' },
      edition,
      protocol: 'negotiation',
      plays: 'client',
    })
    client.send(aSetup({ protocol: 1 }))
    expect(client.received()).toMatchObject([
      { type: 'SetupConnection.Error', flags: 1, errorCode: 'missing-declare-tx-data-flag' },
    ])
    expect(client.closed).toBe('missing-declare-tx-data-flag')
    expect(aToken(aNegotiatorClient(aNegotiator({ fullTemplateRequired: true }), edition))).toBeDefined()
  })

  test('asynchronous mining is refused where it is off', () => {
    const { link } = aNegotiator({ asyncMining: false })
    const client = link.connect({
      port: { kind: 'clients' },
      edition: draft,
      protocol: 'negotiation',
      plays: 'client',
    })
    client.send(aSetup({ protocol: 1, flags: 1 }))
    expect(client.received()).toMatchObject([
      { type: 'SetupConnection.Error', flags: 1, errorCode: 'unsupported-feature-flags' },
    ])
  })

  test('a client that begins with anything else is closed', () => {
    const { link } = aNegotiator()
    const client = link.connect({
      port: { kind: 'clients' },
      edition: current,
      protocol: 'negotiation',
      plays: 'client',
    })
    link.deliver({
      kind: 'message',
      session: client.session,
      message: { type: 'AllocateMiningJobToken', userIdentifier: '', requestId: 1 },
    })
    expect(client.closed).toMatch(/before SetupConnection/)
  })
})

describe('tokens', () => {
  proves(
    'JDS-01, JDS-02',
    'current',
    'name the payout output first, then others, all without value',
    (edition) => {
      const { coinbaseTxOutputs } = aToken(aNegotiatorClient(aNegotiator(), edition))
      expect(parseCountedOutputs(coinbaseTxOutputs)).toEqual([
        { value: 0n, script: PAYOUT_SCRIPT },
        { value: 0n, script: FURTHER_SCRIPT },
      ])
    },
  )

  proves('JDS-03', 'current', 'ask for the same room each time, whatever the chain does', (edition) => {
    const world = aNegotiator()
    const client = aNegotiatorClient(world, edition)
    const first = aToken(client, 1)
    world.node({ ...world.template, prevHash: new Uint8Array(32).fill(1), height: 200_001 })
    expect(aToken(client, 2).coinbaseTxOutputs).toEqual(first.coinbaseTxOutputs)
  })

  proves(
    'JNS-02',
    'draft',
    'announce the size of the pool’s outputs, which only settings change',
    (edition) => {
      const world = aNegotiator()
      const client = aNegotiatorClient(world, edition)
      expect(aToken(client, 1)).toMatchObject({ coinbaseOutputMaxAdditionalSize: TOKEN_OUTPUTS_SIZE })
      world.node({ ...world.template, prevHash: new Uint8Array(32).fill(1), height: 200_001 })
      expect(aToken(client, 2)).toMatchObject({ coinbaseOutputMaxAdditionalSize: TOKEN_OUTPUTS_SIZE })
    },
  )

  proves(
    'JNS-03',
    'draft',
    'announce room for the longest address where each miner is paid on its own',
    (edition) => {
      const solo = { payout: { mode: 'solo', network: 'regtest', maxPayouts: 10 } } as const
      const client = aNegotiatorClient(aNegotiator({ ...solo, furtherOutputs: [] }), edition)
      const address = 'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202'
      ask(client, 1, address)
      const [answer] = client.receivedOf('AllocateMiningJobToken.Success')
      expect(answer).toMatchObject({ coinbaseOutputMaxAdditionalSize: 51 })
      expect(addressToScript(address, 'regtest').length).toBe(22)
    },
  )

  proves('JNS-01', 'draft', 'of a client with asynchronous mining may all be used at once', (edition) => {
    const client = aNegotiatorClient(aNegotiator(), edition, 1)
    const allowed = [1, 2, 3].map((id) => aToken(client, id).asyncMiningAllowed)
    expect(allowed).toEqual([true, true, true])
    // a server that does not give such tokens does not take the client
    const { link } = aNegotiator({ asyncMining: false })
    const refused = link.connect({
      port: { kind: 'clients' },
      edition,
      protocol: 'negotiation',
      plays: 'client',
    })
    refused.send(aSetup({ protocol: 1, flags: 1 }))
    expect(refused.received()).toMatchObject([{ type: 'SetupConnection.Error', flags: 1 }])
    expect(refused.closed).toBeDefined()
  })

  proves('JNS-05', 'draft', 'may not be used at once where asynchronous mining is off', (edition) => {
    const client = aNegotiatorClient(aNegotiator({ asyncMining: false }), edition, 0)
    const { asyncMiningAllowed, miningJobToken } = aToken(client)
    expect(asyncMiningAllowed).toBe(false)
    // what the pool reads in it: not usable at once, and no job checked
    expect(miningJobToken[1]).toBe(0)
  })

  proves('JNS-04', 'draft', 'are limited; what is too much is refused, each by its request_id', (edition) => {
    const world = aNegotiator({ limits: { tokensPerMinute: 2 } })
    const client = aNegotiatorClient(world, edition)
    for (const requestId of [11, 12, 13]) ask(client, requestId)
    expect(client.received()).toMatchObject([
      { type: 'AllocateMiningJobToken.Success', requestId: 11 },
      { type: 'AllocateMiningJobToken.Success', requestId: 12 },
      { type: 'AllocateMiningJobToken.Error', requestId: 13, errorCode: 'token-rate-exceeded' },
    ])
    world.link.advance(30_000)
    expect(aToken(client, 14)).toMatchObject({ requestId: 14 })
  })

  proves('JDS-10', 'current', 'are limited; what is too much is answered later, in order', (edition) => {
    const world = aNegotiator({ limits: { tokensPerMinute: 2 } })
    const client = aNegotiatorClient(world, edition)
    for (const requestId of [11, 12, 13, 14]) ask(client, requestId)
    expect(client.receivedOf('AllocateMiningJobToken.Success')).toHaveLength(2)
    world.link.advance(30_000)
    expect(client.receivedOf('AllocateMiningJobToken.Success')).toMatchObject([{ requestId: 13 }])
    world.link.advance(30_000)
    expect(client.receivedOf('AllocateMiningJobToken.Success')).toMatchObject([{ requestId: 14 }])
    expect(client.closed).toBeUndefined()
  })

  proves('JDS-10', 'current', 'are limited for all connections together', (edition) => {
    const world = aNegotiator({ limits: { tokensPerMinuteInAll: 3 } })
    const clients = [1, 2, 3, 4].map(() => aNegotiatorClient(world, edition))
    for (const client of clients) ask(client, 1)
    const answers = () => clients.map((client) => client.receivedOf('AllocateMiningJobToken.Success').length)
    expect(answers()).toEqual([1, 1, 1, 0])
    world.link.advance(20_000)
    expect(answers()).toEqual([0, 0, 0, 1])
  })

  test.each([current, draft])('$name: a client that asks without end is closed', (edition) => {
    const world = aNegotiator({ limits: { tokensPerMinute: 2 } })
    const client = aNegotiatorClient(world, edition)
    for (let id = 0; id < 5_000 && client.closed === undefined; id++) ask(client, id)
    expect(client.closed).toMatch(/token requests/)
    expect(world.link.factsOf('tokenGiven')).toHaveLength(2)
    expect(world.link.role.nextDeadline()).toBe(Number.POSITIVE_INFINITY)
  })

  test('a user that cannot be paid is refused where there is a word for it, and closed elsewhere', () => {
    const solo = { payout: { mode: 'solo', network: 'regtest', maxPayouts: 10 } } as const
    const world = aNegotiator(solo)
    const drafty = aNegotiatorClient(world, draft)
    ask(drafty, 5, 'nobody')
    expect(drafty.received()).toMatchObject([
      { type: 'AllocateMiningJobToken.Error', requestId: 5, errorCode: 'unknown-user' },
    ])
    const client = aNegotiatorClient(world, current)
    ask(client, 5, 'nobody')
    expect(types(client)).toEqual([])
    expect(client.closed).toBe('invalid-user-identity')
  })

  test('many identities on one connection each get a token of their own account', () => {
    const client = aNegotiatorClient(aNegotiator(), current)
    ask(client, 1, 'alice.rig1')
    ask(client, 2, 'bob.rig1')
    const [alice, bob] = client.receivedOf('AllocateMiningJobToken.Success')
    const account = (token: Uint8Array) => token.slice(14, 30)
    expect(equalBytes(account(alice!.miningJobToken), account(bob!.miningJobToken))).toBe(false)
  })
})
