import { current } from '@sv2/messages/current'
import type { WireLink } from '@sv2/sim'
import { describe, expect, test } from 'vitest'
import { aProvider, aSetup, aTemplateClient, filled } from '../_fixtures.ts'
import { aNodeTemplate } from '../_node-templates.ts'

const unfit = (link: WireLink<never>, cause: string): void =>
  link.deliver({ kind: 'nodeUnfit', cause } as never)

function aSetting() {
  const link = aProvider({ workMaxAgeMs: 60_000 })
  link.node(aNodeTemplate())
  const client = aTemplateClient(link, current)
  return { link, client, tellUnfit: (cause: string) => unfit(link as never, cause) }
}

describe('a node that gives no work', () => {
  test.each([
    { cause: 'away', afterMs: 60_000 },
    { cause: 'behind', afterMs: 5_000 },
  ])('since it is $cause, loses its clients after $afterMs ms, and not sooner', ({ cause, afterMs }) => {
    const { link, client, tellUnfit } = aSetting()
    tellUnfit(cause)
    link.advance(afterMs - 1)
    // it is asked again and again, and says the same
    tellUnfit(cause)
    expect(client.closed).toBeUndefined()
    link.advance(1)
    expect(client.closed).toBe('node-not-ready')
    expect(link.factsOf('clientsSentAway')).toEqual([{ kind: 'clientsSentAway', count: 1 }])
  })

  test('that it may give loses its clients at once', () => {
    const { client, tellUnfit } = aSetting()
    tellUnfit('unminable')
    expect(client.closed).toBe('node-not-ready')
  })

  test('and gives work in time again keeps them', () => {
    const { link, client, tellUnfit } = aSetting()
    tellUnfit('away')
    link.advance(59_000)
    link.node(aNodeTemplate({ prevHash: filled(1) }))
    link.advance(600_000)
    expect(client.closed).toBeUndefined()
    expect(client.receivedOf('NewTemplate').length).toBeGreaterThan(0)
  })

  test('gets no new clients until it does, and they are told why', () => {
    const { link, tellUnfit } = aSetting()
    tellUnfit('away')
    link.advance(60_000)
    const connect = () => {
      const peer = link.connect({
        port: { kind: 'clients' },
        edition: current,
        protocol: 'templates',
        plays: 'client',
      })
      peer.send(aSetup({ protocol: 2 }))
      return peer
    }
    const refused = connect()
    expect(refused.received()).toEqual([
      { type: 'SetupConnection.Error', flags: 0, errorCode: 'node-not-ready' },
    ])
    expect(refused.closed).toBeDefined()
    expect(link.role.nextDeadline()).toBe(Number.POSITIVE_INFINITY)
    link.node(aNodeTemplate({ prevHash: filled(1) }))
    expect(connect().received()).toMatchObject([{ type: 'SetupConnection.Success' }])
  })
})
