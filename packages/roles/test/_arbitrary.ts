import { type Area, describeMessages, type Message, type MessageDescription } from '@sv2/messages'
import { current } from '@sv2/messages/current'
import { draft } from '@sv2/messages/draft'
import fc from 'fast-check'
import { aTemplate, aTip, filled, NBITS_EASY, NBITS_HARD, NTIME } from './_fixtures.ts'
import { anUpstreamJob } from './_test-upstream.ts'

const smallId = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 0, max: 6 }) },
  fc.constantFrom(0xffff_ffff, 0x8000_0000),
)

const target = fc.oneof(
  fc.constantFrom(filled(0), filled(0xff), filled(0x0f), filled(1, 1)).map((bytes) => {
    const whole = new Uint8Array(32)
    whole.set(bytes)
    return whole
  }),
  fc.uint8Array({ minLength: 32, maxLength: 32 }),
)

/** Values for fields by their name, so that messages meet what is there; the rest is drawn by type. */
const BY_NAME: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  channelId: smallId,
  groupChannelId: smallId,
  jobId: smallId,
  requestId: smallId.map((id) => id & 0xffff),
  protocol: fc.constantFrom(0, 0, 2, 2, 1, 9),
  minVersion: fc.constantFrom(2, 2, 2, 0, 3),
  maxVersion: fc.constantFrom(2, 2, 2, 1, 0xffff),
  usedVersion: fc.constantFrom(2, 2, 2, 0),
  flags: fc.constantFrom(0, 0, 1, 2, 4, 7, 0xffff_ffff),
  nominalHashRate: fc.constantFrom(0, 1, 1e6, 3.4e38, 1e-45, Number.NaN, Number.POSITIVE_INFINITY, -1),
  maxTarget: target,
  maximumTarget: target,
  target,
  minExtranonceSize: fc.constantFrom(0, 4, 8, 26, 27, 65_535),
  extranonceSize: fc.constantFrom(0, 4, 8, 26, 32, 65_535),
  extranoncePrefix: fc.uint8Array({ maxLength: 32 }),
  templateId: fc.bigInt({ min: 0n, max: 5n }),
  version: fc.constantFrom(0x2000_0000, 0, 0xffff_ffff, 0x3fff_ffff),
  ntime: fc.constantFrom(NTIME, NTIME - 1, NTIME + 10_000, 0, 0xffff_ffff),
  minNtime: fc.constantFrom(NTIME, 0, 0xffff_ffff),
  nbits: fc.constantFrom(NBITS_EASY, NBITS_HARD, 0, 0xffff_ffff, 0x0180_0000),
  coinbasePrefix: fc.uint8Array({ maxLength: 9 }),
  userIdentity: fc.constantFrom('', 'alice.1', 'sri/solo/x/y', 'x'.repeat(255), '\u0000'),
  coinbaseOutputMaxAdditionalSize: fc.constantFrom(0, 100, 900_000, 1_000_000, 0xffff_ffff),
}

const MAX: Readonly<Record<string, number>> = { U8: 0xff, U16: 0xffff, U24: 0xff_ffff, U32: 0xffff_ffff }

function byType(type: string): fc.Arbitrary<unknown> {
  const [, shape, inner] = /^(\w+)\[(.*)\]$/.exec(type) ?? []
  if (shape === 'OPTION') return fc.option(byType(inner!), { nil: undefined })
  if (inner !== undefined) return fc.array(byType(inner), { maxLength: 4 })
  if (type in MAX) return fc.integer({ min: 0, max: MAX[type]! })
  if (type === 'B8') return fc.uint8Array({ minLength: 8, maxLength: 8 })
  if (type === 'U256') return fc.uint8Array({ minLength: 32, maxLength: 32 })
  if (type.startsWith('B0')) return fc.uint8Array({ maxLength: 31 })
  if (type.startsWith('STR0')) return fc.constantFrom('', 'a', 'stale-share')
  if (type === 'U64') return fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
  if (type === 'BOOL') return fc.boolean()
  if (type === 'F32') return fc.float()
  throw new Error(`no values for ${type}`)
}

const opaque: fc.Arbitrary<Message> = fc.record({
  type: fc.constant('Opaque' as const),
  extensionType: fc.integer({ min: 1, max: 0x7fff }),
  channelMsg: fc.boolean(),
  msgType: fc.integer({ min: 0, max: 255 }),
  payload: fc.uint8Array({ maxLength: 20 }),
})

/** What a template provider says to make something happen. */
const work: fc.Arbitrary<Message> = fc.constantFrom<Message>(
  aTemplate({ templateId: 1n }),
  aTemplate({ templateId: 2n, futureTemplate: false }),
  aTemplate({ templateId: 3n }),
  aTip({ templateId: 1n, nbits: NBITS_EASY }),
  aTip({ templateId: 3n, prevHash: filled(3) }),
)

/** What a pool says to a proxy to make something happen. */
export const upstreamWork: fc.Arbitrary<Message> = fc.constantFrom<Message>(
  anUpstreamJob(2, 1),
  anUpstreamJob(1, 2),
  anUpstreamJob(2, 3, { minNtime: NTIME }),
  ...[1, 2, 3].map(
    (jobId) =>
      ({
        type: 'SetNewPrevHash',
        channelId: 2,
        jobId,
        prevHash: filled(jobId),
        minNtime: NTIME,
        nbits: NBITS_EASY,
      }) as const,
  ),
)

const OF_CURRENT = describeMessages(current)

/** Messages of one area that a side may receive, their fields drawn so that they often meet what is there. */
function received(area: Area, by: 'server' | 'client', all = OF_CURRENT): fc.Arbitrary<Message>[] {
  const never = by === 'server' ? 'to-client' : 'to-server'
  return all.filter((each) => each.area === area && each.direction !== never).map(messageOf)
}

/** Values of a field; one that may be missing is missing half of the time, whatever it is called. */
function drawn({ name, type }: { readonly name: string; readonly type: string }): fc.Arbitrary<unknown> {
  const named = BY_NAME[name]
  if (named === undefined) return byType(type)
  return type.startsWith('OPTION') ? fc.option(named, { nil: undefined, freq: 1 }) : named
}

function messageOf({ type, fields }: MessageDescription): fc.Arbitrary<Message> {
  return fc.record({
    type: fc.constant(type),
    ...Object.fromEntries(fields.map((field) => [field.name, drawn(field)])),
  }) as unknown as fc.Arbitrary<Message>
}

/** What a mining client sends. */
export const toPool: fc.Arbitrary<Message> = fc.oneof(...received('mining', 'server'))

/** What a mining server sends. */
export const toDevice: fc.Arbitrary<Message> = fc.oneof(...received('mining', 'client'))

/** What a template client sends. */
export const toProvider: fc.Arbitrary<Message> = fc.oneof(...received('templates', 'server'))

/** What a job negotiator client of either edition sends. */
export const toNegotiator: fc.Arbitrary<Message> = fc.oneof(
  ...received('negotiation', 'server'),
  ...received('negotiation', 'server', describeMessages(draft)),
)

/** What a job negotiator server of either edition sends; the draft's tokens have no outputs on the wire. */
export const fromNegotiator: fc.Arbitrary<Message> = fc
  .oneof(...received('negotiation', 'client'), ...received('negotiation', 'client', describeMessages(draft)))
  .map((message) =>
    message.type === 'AllocateMiningJobToken.Success'
      ? { ...message, coinbaseTxOutputs: message.coinbaseTxOutputs ?? new Uint8Array() }
      : message,
  )

/** What a template provider sends. */
export const fromProvider: fc.Arbitrary<Message> = fc.oneof(work, ...received('templates', 'client'))

/** Any message of the current edition, whoever it is for and wherever it comes from. */
export const anyMessage: fc.Arbitrary<Message> = fc.oneof(...describeMessages(current).map(messageOf), opaque)
