import { expect, test } from 'vitest'
import * as surface from './index.ts'

test('the package exports these names and no others', () => {
  expect(Object.keys(surface).sort()).toEqual([
    'CORE_PROTOCOL',
    'DECLARATION_SETUP_FLAGS',
    'DEFAULT_MAX_ADDITIONAL_SIGOPS',
    'ERROR_CODES',
    'EXTENSIONS_NEGOTIATION',
    'EditionError',
    'MINING_SETUP_FLAGS',
    'MINING_SUCCESS_FLAGS',
    'NEGOTIATION_SETUP_FLAGS',
    'PAYOUT_DISTRIBUTION',
    'PROTOCOL_NUMBERS',
    'WORKER_TRACKING',
    'answerRequestExtensions',
    'describeMessages',
    'mayGoOn',
    'readExtensionsAnswer',
    'subProtocolOf',
    'withoutControlCharacters',
  ])
})
