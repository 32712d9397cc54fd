import { expect, test } from 'vitest'
import { aChannel, NOW } from '../channel/_fixtures.ts'
import { JobBook } from '../channel/job-book.ts'
import { Connection } from './connection.ts'
import { minersOf } from './custom-jobs.ts'
import { newGroup } from './groups.ts'

test('POOL-54 (current): a custom job for a group is for its extended channels alone', () => {
  const connection = new Connection(1, { capabilities: {} as never, now: NOW })
  const group = newGroup(connection, new JobBook())
  const channels = (['extended', 'standard', 'extended'] as const).map((kind, n) => {
    const channel = aChannel({ id: n + 10, kind, groupId: group.groupId, grouped: true })
    connection.channels.set(channel.id, channel)
    group.channels.add(channel)
    return channel
  })
  const [first, standard, last] = channels
  expect(minersOf(connection, group.groupId)).toEqual([first, last])
  expect(minersOf(connection, last!.id)).toEqual([last])
  expect(minersOf(connection, standard!.id)).toEqual([])
  expect(minersOf(connection, 99)).toEqual([])
})
