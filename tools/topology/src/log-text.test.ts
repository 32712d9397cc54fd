import { expect, test } from 'vitest'
import { logText } from './log-text.ts'

test('a line for people says who, how important, what, and the fields', () => {
  const line = { level: 30, time: 1, pid: 2, msg: 'listening', port: 3_333, url: 'stratum2+tcp://a' }
  expect(logText('pool', line)).toBe(
    'pool                   info  listening port=3333 url=stratum2+tcp://a\n',
  )
})
