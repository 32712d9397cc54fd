import { expect, test } from 'vitest'
import * as surface from './index.ts'

test('the public surface is what it was', () => {
  expect(Object.keys(surface).sort()).toEqual([
    'NoiseError',
    'TEXT_STYLE',
    'certificatesOf',
    'createInitiator',
    'createResponder',
    'decodeAuthorityKey',
    'decodeCertificate',
    'decodeSecretKey',
    'detectFirstFlight',
    'encodeAuthorityKey',
    'encodeCertificate',
    'encodeSecretKey',
    'fixedIdentity',
    'formatPoolUrl',
    'makeAuthorityKeyPair',
    'makeKeyPair',
    'nobleBackend',
    'parsePoolUrl',
    'plainTransport',
    'signCertificate',
    'signingIdentity',
    'suiteOf',
    'verifyCertificate',
  ])
})
