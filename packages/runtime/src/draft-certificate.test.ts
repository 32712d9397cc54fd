import {
  type CertificateForm,
  certificatesOf,
  createInitiator,
  createResponder,
  verifyCertificate,
} from '@sv2/noise'
import { expect, test } from 'vitest'
import { anIdentity } from './_fixtures.ts'
import { certificateStyles, type DraftCertificate, draftReading } from './draft-certificate.ts'
import { systemNoise } from './system-noise.ts'

const NOW = 1_700_000_000
const BARE = 2 + 170
const PREFIXED = 2 + 172

/** What a client is shown: bytes of act 2, and the form that its verification finds good. */
function shown(name: DraftCertificate, from: 'without a prelude' | 'with the prelude of 2022') {
  const { identity, authorityKey } = anIdentity('draft')
  const prelude = from === 'without a prelude' ? undefined : (['ChaChaPoly'] as const)
  const client = createInitiator({ edition: 'draft', authorityKey, ...(prelude && { prelude }) }, systemNoise)
  const server = createResponder(
    { edition: 'draft', identity, prelude: ['ChaChaPoly'], ...certificateStyles(name) },
    systemNoise,
  )
  let answer = server.receive(client.start(), NOW).reply!
  if (prelude !== undefined) answer = server.receive(client.receive(answer, NOW).reply!, NOW).reply!
  const { certificate, serverKey } = client.receive(answer, NOW).done!
  const isGood = (form: CertificateForm): boolean => {
    const scheme = certificatesOf('draft', systemNoise.backend)
    const policy = { scheme, forms: [form], clockToleranceSeconds: 0 }
    try {
      verifyCertificate(certificate!, { serverKey: serverKey!, authorityKey }, policy, NOW)
      return true
    } catch {
      return false
    }
  }
  return { bytes: answer.length, good: (['text', 'deployed'] as const).filter(isGood) }
}

test.each([
  ['auto', 'without a prelude', BARE, 'text'],
  ['auto', 'with the prelude of 2022', BARE, 'deployed'],
  ['seeds', 'without a prelude', BARE, 'text'],
  ['seeds', 'with the prelude of 2022', BARE, 'text'],
  ['deployed', 'without a prelude', PREFIXED, 'deployed'],
  ['deployed', 'with the prelude of 2022', BARE, 'deployed'],
] as const)('%s, to a client %s: act 2 of %i bytes, and %s is what verifies', (name, from, bytes, form) => {
  expect(shown(name, from)).toEqual({ bytes, good: [form] })
})

test.each([
  ['auto', 'without', 'seeds'],
  ['auto', 'with prelude', '2022'],
  ['seeds', 'without', 'seeds'],
  ['seeds', 'with prelude', 'seeds'],
  ['deployed', 'without', '2020'],
  ['deployed', 'with prelude', '2022'],
] as const)('%s: who begins %s is spoken to as %s', (name, begins, reading) => {
  expect(draftReading(name, begins)).toBe(reading)
})
