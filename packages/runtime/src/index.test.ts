import { expect, test } from 'vitest'
import * as surface from './index.ts'

test('the public surface is what it was', () => {
  expect(Object.keys(surface).sort()).toEqual([
    'DEFAULT_HELD_BYTES',
    'DRAFT_CERTIFICATES',
    'EDITIONS',
    'Engine',
    'IpBudget',
    'MempoolWatch',
    'NodeRpcError',
    'NodeWatch',
    'Session',
    'SolvedBlocks',
    'dial',
    'dialV1',
    'fastSha256',
    'fastSha256d',
    'fastestBackend',
    'isNetwork',
    'listen',
    'nodeRpc',
    'processHeldBytes',
    'proposeBlock',
    'randomBytes',
    'startThread',
    'systemClock',
    'systemNoise',
    'writeFileSafely',
    'writeFileSafelySync',
  ])
})
