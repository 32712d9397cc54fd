import { current } from '@sv2/messages/current'
import { draft } from '@sv2/messages/draft'
import { describe, expect, test } from 'vitest'
import { aTemplate, aTip, filled } from '../_fixtures.ts'
import { working } from '../_job-client.ts'
import { TestMiner } from '../_test-miner.ts'

/** A pool that agreed to a job. */
function agreed() {
  const { world, pair: first } = working()
  first.agree()
  first.acknowledge()
  return { world, first }
}

describe('a server that is lost', () => {
  test('had agreed to a job: the pool still gives its number, and the shares go up', () => {
    const { world, first } = agreed()
    const miner = new TestMiner(world.link as never, current)
    const channel = miner.open('extended')
    world.tip({ templateId: 2n }, { prevHash: filled(0xbb) })
    first.agree()
    miner.peer.send(miner.find(channel))
    first.server.disconnect()
    expect(first.shares).toEqual([])
    first.acknowledge()
    expect(first.shares).toHaveLength(1)
    expect(world.told('sharesDropped')).toEqual([])
  })

  test('had not: miners go back to the job before, and it is asked again when it is back', () => {
    const { world, first } = agreed()
    const miner = new TestMiner(world.link as never, current)
    const channel = miner.open('extended')
    world.update(2n)
    expect(first.declared).toBeDefined()
    first.server.disconnect()
    miner.peer.send(miner.find(channel))
    expect(first.shares).toHaveLength(1)
    first.connectServer()
    first.giveTokens()
    world.answerTemplates()
    first.agree()
    first.acknowledge()
    miner.peer.send(miner.find(channel))
    expect(first.shares.map(({ jobId }) => jobId)).toEqual([41, 42])
  })
})

test('a server that comes back with another way to agree on jobs is left, and asked again later', () => {
  const { world, pair: first } = working({ edition: draft })
  first.server.disconnect()
  first.connectServer(current)
  expect(world.told('pairChanged').at(-1)).toMatchObject({
    to: 'barred',
    reason: 'its server came back with another way to agree on jobs',
  })
})

test('a template provider that is lost with the transactions it was asked for costs no time when it is back', () => {
  const { world, first } = agreed()
  const { templates } = world
  const sent = aTemplate({ templateId: 2n })
  templates?.send(sent, aTip({ templateId: 2n, prevHash: filled(0xbb) }))
  templates?.disconnect()
  world.provide(current, { prevHash: filled(0xbb) })
  first.agree()
  expect(first.customJobs.at(-1)).toMatchObject({ prevHash: filled(0xbb) })
})

test('a server that came back while the template provider was away is asked as soon as that is back', () => {
  const { world, first } = agreed()
  first.server.disconnect()
  world.tip({ templateId: 2n }, { prevHash: filled(0xbb) })
  world.templates?.disconnect()
  first.connectServer()
  first.giveTokens()
  world.provide(current, { prevHash: filled(0xbb) })
  first.agree()
  expect(first.customJobs.at(-1)).toMatchObject({ prevHash: filled(0xbb) })
})
