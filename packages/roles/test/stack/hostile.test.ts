import { difficultyToTarget, hex, meetsTarget } from '@sv2/bitcoin'
import { decodeHeader } from '@sv2/codec'
import { type Edition, ERROR_CODES, type Message } from '@sv2/messages'
import { current } from '@sv2/messages/current'
import { draft } from '@sv2/messages/draft'
import { OWN_OPEN_CODES } from '@sv2/roles'
import { WireLink, type WirePeer } from '@sv2/sim'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { anyMessage, toPool } from '../_arbitrary.ts'
import { aPool, aTemplate, aTip, filled, NOW, proves } from '../_fixtures.ts'
import { SUBJECTS, type Subject } from '../_hostile-subjects.ts'
import { TestMiner } from '../_test-miner.ts'

type Step =
  | { readonly do: 'connect'; readonly port: number; readonly isDraft: boolean; readonly isRude: boolean }
  | { readonly do: 'message'; readonly peer: number; readonly messages: readonly Message[] }
  | { readonly do: 'anything'; readonly peer: number; readonly message: Message }
  | { readonly do: 'leave'; readonly peer: number }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'event'; readonly event: { readonly kind: string } }

const peer = fc.nat(5)

function scripts({ ports, events }: Subject): fc.Arbitrary<Step[]> {
  const step = fc.oneof<fc.WeightedArbitrary<Step>[]>(
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant('connect' as const),
        port: fc.nat(ports.length - 1),
        isDraft: fc.boolean(),
        isRude: fc.nat(9).map((chance) => chance === 0),
      }),
    },
    {
      weight: 30,
      arbitrary: fc.record({
        do: fc.constant('message' as const),
        peer,
        messages: fc.tuple(...ports.map(({ messages }) => messages)),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('anything' as const), peer, message: anyMessage }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('leave' as const), peer }) },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant('wait' as const),
        ms: fc.constantFrom(0, 1, 999, 5_000, 70_000),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant('event' as const), event: fc.constantFrom(...events) }),
    },
  )
  return fc.array(step, { minLength: 20, maxLength: 80 })
}

/** Plays a script to a fresh role. Whatever the role sends is encoded in the edition of its connection. */
function play(subject: Subject, script: readonly Step[]) {
  const link = new WireLink<{ kind: string }>(subject.make(), NOW)
  const peers: { readonly wire: WirePeer; readonly port: number }[] = []
  const said: string[] = []
  const deliver = (to: (typeof peers)[number] | undefined, message: Message): void => {
    if (to === undefined || to.wire.closed !== undefined) return
    // a server's speller has to see the setup; all else goes straight to the role, also what would be stopped
    if (message.type === 'SetupConnection' && subject.ports[to.port]!.roleIs === 'server')
      to.wire.send(message)
    else link.deliver({ kind: 'message', session: to.wire.session, message })
  }
  const connect = (number: number, { isDraft = false, isRude = false } = {}): void => {
    const { port, protocol, roleIs, greeting } = subject.ports[number]!
    const plays = roleIs === 'server' ? 'client' : 'server'
    const wire = link.connect({ port, edition: isDraft ? draft : current, protocol, plays })
    const to = { wire, port: number }
    peers.push(to)
    if (!isRude) for (const message of greeting) deliver(to, message)
  }
  for (const index of subject.ports.keys()) connect(index, { isDraft: index === 1 })
  for (const step of script) {
    const open = peers.filter(({ wire }) => wire.closed === undefined)
    const to = 'peer' in step ? open[step.peer % Math.max(open.length, 1)] : undefined
    if (step.do === 'connect') connect(step.port, step)
    else if (step.do === 'wait') link.advance(step.ms)
    else if (step.do === 'event') link.tell(step.event)
    else if (to === undefined) continue
    else if (step.do === 'leave') to.wire.disconnect()
    else deliver(to, step.do === 'message' ? step.messages[to.port]! : step.message)
    for (const { wire } of peers) said.push(...wire.frames.splice(0).map((frame) => hex(frame)))
    said.push(...link.takeFacts().map(({ kind }) => kind))
  }
  return said
}

describe.each(Object.entries(SUBJECTS))('%s', (_, subject) => {
  test('whatever comes in whatever order, it decides and never throws', () => {
    fc.assert(
      fc.property(scripts(subject), (script) => {
        expect(() => play(subject, script)).not.toThrow()
      }),
      { numRuns: 300 },
    )
  })

  test('the same events at the same times have the same effects', () => {
    fc.assert(
      fc.property(scripts(subject), (script) => {
        expect(play(subject, script)).toEqual(play(subject, script))
      }),
      { numRuns: 60 },
    )
  })
})

describe('codes', () => {
  /** Codes of every error frame that a pool sends under fire. */
  function codesUnderFire(edition: Edition): { type: string; code: string }[] {
    const seen: { type: string; code: string }[] = []
    fc.assert(
      fc.property(fc.array(toPool, { minLength: 30, maxLength: 60 }), (messages) => {
        const { link } = aPool(edition, { miners: { maxChannels: 3 } })
        const miner = new TestMiner(link, edition)
        miner.open('extended')
        for (const message of messages) {
          if (miner.peer.closed !== undefined) break
          link.deliver({ kind: 'message', session: miner.peer.session, message })
          for (const answer of miner.take()) {
            if ('errorCode' in answer) seen.push({ type: answer.type, code: answer.errorCode })
          }
        }
      }),
      { numRuns: 60, seed: 20_260_101 },
    )
    return seen
  }

  proves('ERR-06, ERR-07', 'both', 'every code a pool sends is printable ASCII', (edition) => {
    const codes = new Set(codesUnderFire(edition).map(({ code }) => code))
    expect(codes.size).toBeGreaterThan(9)
    for (const code of codes) expect(code).toMatch(/^[\x21-\x7e]+$/)
  })

  proves('ERR-09', 'draft', 'causes that the draft lists a code for are told by it', (edition) => {
    const { link, tip } = aPool(edition, { payout: { mode: 'solo', network: 'regtest', maxPayouts: 10 } })
    const miner = new TestMiner(link, edition)
    const channel = miner.open('extended', { user: ADDRESSES[0]! })
    const good = miner.find(channel)
    const told = (...messages: Message[]): unknown[] => {
      miner.take()
      miner.peer.send(...messages)
      return miner.take().map((answer) => ('errorCode' in answer ? answer.errorCode : answer.type))
    }
    const { channelId, target } = channel
    expect(told({ ...good, channelId: 99 })).toEqual(['invalid-channel-id'])
    expect(told(miner.find(channel, { hash: (hash) => !meetsTarget(hash, target) }))).toEqual([
      'difficulty-too-low',
    ])
    const update = { type: 'UpdateChannel', channelId, nominalHashRate: 1 } as const
    expect(told({ ...update, channelId: 99, maximumTarget: filled(0xff) })).toEqual(['invalid-channel-id'])
    const open = { type: 'OpenStandardMiningChannel', requestId: 9, nominalHashRate: 1 } as const
    expect(told({ ...open, userIdentity: 'nobody', maxTarget: filled(0xff) })).toEqual(['unknown-user'])
    expect(told({ ...open, userIdentity: ADDRESSES[0]!, maxTarget: filled(0) })).toEqual([
      'max-target-out-of-range',
    ])
    tip({ templateId: 2n }, { prevHash: filled(2) })
    expect(told(good)).toEqual(['stale-share'])
  })

  proves('ERR-05', 'both', 'a code that no published list has is documented', (edition) => {
    let own = 0
    for (const { type, code } of codesUnderFire(edition)) {
      const listed: readonly string[] = ERROR_CODES[type as keyof typeof ERROR_CODES]
      if (listed.includes(code)) continue
      own++
      expect(type).toBe('OpenMiningChannel.Error')
      expect(OWN_OPEN_CODES[code as keyof typeof OWN_OPEN_CODES].length).toBeGreaterThan(20)
    }
    expect(own).toBeGreaterThan(0)
  })
})

describe('memory', () => {
  test('a miner that opens and closes channels for ever leaves no job books behind', () => {
    const { link, tip } = aPool(current, { payout: { mode: 'solo', network: 'regtest', maxPayouts: 10 } })
    const miner = new TestMiner(link, current)
    const stays = miner.open('extended', { user: ADDRESSES[0]! })
    for (let round = 0; round < 400; round++) {
      const user = ADDRESSES[round % ADDRESSES.length]!
      const { channelId } = miner.open('extended', { user, minExtranonceSize: round % 24 })
      miner.peer.send({ type: 'CloseChannel', channelId, reasonCode: '' })
    }
    // a tip and an update make one job for each book: two more numbers are given out
    tip({ templateId: 2n }, { prevHash: filled(2) })
    const { jobId } = miner.job(stays)
    link.advance(60_000)
    expect(miner.job(stays).jobId).toBe(jobId + 1)
  })

  test('a flood of UpdateChannel makes no flood of jobs and loses nobody’s work', () => {
    const { link } = aPool(current, { miners: { vardiff: true } })
    const [attacker, victim] = [new TestMiner(link, current), new TestMiner(link, current)]
    const spam = attacker.open('extended')
    const honest = victim.open('extended')
    const update = { type: 'UpdateChannel', channelId: honest.channelId, nominalHashRate: 0 } as const
    victim.peer.send({ ...update, maximumTarget: difficultyToTarget(2 ** -27) })
    const jobs = victim.jobs(honest)
    const share = victim.find(honest, {
      job: jobs.at(-1)!,
      hash: (hash) => hash[31]! === 0 && hash[30] === 0,
    })
    for (let round = 0; round < 5_000; round++) {
      attacker.peer.send({
        ...update,
        channelId: spam.channelId,
        nominalHashRate: 1 + (round % 2) * 1e9,
        maximumTarget: filled(0xff),
      })
      if (round % 100 === 0) link.advance(10)
    }
    expect(attacker.jobs(spam).length).toBeLessThan(5)
    victim.peer.send(share)
    expect(victim.takeOf('SubmitShares.Error')).toEqual([])
  })

  test('a provider that sends future templates for ever fills nothing', () => {
    const { link, templates } = aPool(current)
    const miner = new TestMiner(link, current)
    const channel = miner.open('extended')
    for (let templateId = 2n; templateId < 500n; templateId++) templates.send(aTemplate({ templateId }))
    // the newest can be named, and one that left the shelves is made anew
    templates.send(aTip({ templateId: 440n, prevHash: filled(4) }))
    const named = miner.jobs(channel).filter(({ jobId }) => jobId === miner.tip(channel).jobId)
    expect(named).toHaveLength(1)
    miner.peer.send(miner.find(channel, { job: named[0]! }))
    link.advance(1_000)
    expect(miner.takeOf('SubmitShares.Success')).toHaveLength(1)
  })

  test('frames of absurd content end in a decode error or an answer, never in anything else', () => {
    const { link } = aPool(current)
    const miner = new TestMiner(link, current)
    miner.open('standard')
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 60 }), fc.nat(0x30), (payload, msgType) => {
        if (miner.peer.closed !== undefined) return
        const frame = new Uint8Array(6 + payload.length)
        frame.set([0, 0x80, msgType, payload.length])
        frame.set(payload, 6)
        expect(decodeHeader(frame).msgType).toBe(msgType)
        try {
          miner.peer.sendFrame(frame)
        } catch (error) {
          expect((error as Error).name).toMatch(/^(Codec|Edition)Error$/)
        }
      }),
      { numRuns: 500 },
    )
  })
})

const ADDRESSES = [
  'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080',
  'bcrt1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qzf4jry',
]
