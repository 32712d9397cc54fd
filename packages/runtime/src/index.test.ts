import { expect, test } from 'vitest'
import * as surface from './index.ts'

test('the public surface is what it was', () => {
  expect(Object.keys(surface).sort()).toEqual([
    'DEFAULT_HELD_BYTES',
    'DRAFT_CERTIFICATES',
    'EDITIONS',
    'Engine',
    'IpBudget',
    'IpcWatch',
    'MempoolWatch',
    'NodeRpcError',
    'NodeWatch',
    'NodeWatches',
    'Session',
    'SolvedBlocks',
    'ThreadedTemplates',
    'connectTo',
    'dial',
    'dialV1',
    'fastSha256',
    'fastSha256d',
    'fastestBackend',
    'ipcRpc',
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
