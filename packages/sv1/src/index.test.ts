import { expect, test } from 'vitest'
import * as surface from './index.ts'

test('the package exports these names and no others', () => {
  expect(Object.keys(surface).sort()).toEqual([
    'DIALECT_RULES',
    'LineSplitter',
    'MAX_ID_LENGTH',
    'SV1_ERRORS',
    'Sv1Error',
    'configureResult',
    'dialectOf',
    'looksLikeV1',
    'readConfigureResult',
    'readError',
    'readPassword',
    'readSubscribeResult',
    'readUserName',
    'subscribeResult',
    'sv1Client',
    'sv1Server',
  ])
})
