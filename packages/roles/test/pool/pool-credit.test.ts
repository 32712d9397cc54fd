import { difficultyToTarget, HEADER_SIZE, meetsTarget, sha256d, targetToDifficulty } from '@sv2/bitcoin'
import { type Message, MINING_SETUP_FLAGS } from '@sv2/messages'
import { current } from '@sv2/messages/current'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { aCustomJob, aCustomPool, setJob } from '../_custom-jobs.ts'
import { aPool, aTemplate, aTip, filled, NTIME } from '../_fixtures.ts'
import { type TestChannel, TestMiner } from '../_test-miner.ts'

/** Difficulties that a client asks for, and that hashes have. */
const STEPS = [-28, -26, -24, -22, -20]
const difficulty = fc.constantFrom(...STEPS).map((log2) => 2 ** log2)

/** A nonce names the hash of its header: one of the difficulties, and no other header's. */
const nonceOf = (step: number, unique: number): number => unique * STEPS.length + step
const drawn = (data: Uint8Array): Uint8Array => {
  if (data.length !== HEADER_SIZE) return sha256d(data)
  const nonce = new DataView(data.buffer, data.byteOffset).getUint32(76, true)
  const hash = difficultyToTarget(2 ** STEPS[nonce % STEPS.length]!)
  hash.set(sha256d(data).subarray(0, 8))
  return hash
}

type Move =
  | { readonly kind: 'ask'; readonly difficulty: number; readonly limit: number }
  | { readonly kind: 'template' | 'future' | 'tip' | 'prefix' }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'share'; readonly back: number; readonly step: number }

const moves: fc.Arbitrary<Move[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('ask' as const), difficulty, limit: difficulty }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('template', 'future', 'tip', 'prefix') }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(6_000) }) },
    {
      weight: 8,
      arbitrary: fc.record({
        kind: fc.constant('share' as const),
        back: fc.nat(5),
        step: fc.nat(STEPS.length - 1),
      }),
    },
  ) as fc.Arbitrary<Move>,
  { minLength: 10, maxLength: 120 },
)

/** What a miner knows of its levels: the one that was last told when a job came is the most that job is worth. */
class Book {
  readonly levels = new Map<number, number>()
  #level: number

  constructor(channel: TestChannel) {
    this.#level = targetToDifficulty(channel.target)
  }

  get level(): number {
    return this.#level
  }

  hear(messages: readonly Message[]): void {
    for (const message of messages) {
      if (message.type === 'SetTarget') this.#level = targetToDifficulty(message.maximumTarget)
      if (message.type === 'NewExtendedMiningJob') this.levels.set(message.jobId, this.#level)
    }
  }
}

describe('credit', () => {
  test('no order of changes, jobs, tips and shares makes a hash worth more than the level its job came with', () => {
    fc.assert(
      fc.property(moves, (list) => {
        const { link, templates, tip } = aPool(current, { hash: drawn })
        const miner = new TestMiner(link, current)
        const channel = miner.open('extended', { hashrate: 10 })
        const book = new Book(channel)
        book.hear(miner.log)
        let templateId = 1n
        let future: bigint | undefined
        let unique = 0
        for (const move of list) {
          templateId++
          if (move.kind === 'ask')
            miner.peer.send({
              type: 'UpdateChannel',
              channelId: channel.channelId,
              nominalHashRate: (move.difficulty * 2 ** 32 * 12) / 60,
              maximumTarget: difficultyToTarget(move.limit),
            })
          else if (move.kind === 'template') templates.send(aTemplate({ templateId, futureTemplate: false }))
          else if (move.kind === 'future') {
            future = templateId
            templates.send(aTemplate({ templateId }))
          } else if (move.kind === 'tip') {
            const prevHash = filled(Number(templateId % 200n))
            if (future === undefined) tip({ templateId }, { prevHash })
            else templates.send(aTip({ templateId: future, prevHash }))
            future = undefined
          } else if (move.kind === 'prefix')
            link.tell({ kind: 'renewPrefix', session: miner.peer.session, channelId: channel.channelId })
          else if (move.kind === 'wait') link.advance(move.ms)
          else if (move.kind === 'share') {
            const ids = [...book.levels.keys()]
            const jobId = ids[ids.length - 1 - move.back]
            if (jobId === undefined) continue
            unique++
            link.takeFacts()
            miner.peer.send({
              type: 'SubmitSharesExtended',
              channelId: channel.channelId,
              sequenceNumber: unique,
              jobId,
              nonce: nonceOf(move.step, unique),
              ntime: NTIME,
              version: 0x2000_0000,
              extranonce: filled(1, channel.extranonceSize),
            })
            const level = book.levels.get(jobId)!
            for (const { difficulty: credit } of link.factsOf('shareAccepted')) {
              expect(credit).toBeLessThanOrEqual(level)
              expect(2 ** STEPS[move.step]!).toBeGreaterThanOrEqual(level * 0.999)
            }
          }
          book.hear(miner.take())
        }
        // and an honest device, which works on what it was last given by the target it was last told, loses nothing
        tip({ templateId: 1_000n }, { prevHash: filled(250) })
        link.advance(6_000)
        book.hear(miner.take())
        const newest = [...book.levels].at(-1)!
        expect(newest[1]).toBe(book.level)
      }),
      { numRuns: 200 },
    )
  })

  test('a client’s own job has the level of its tip, however often another is asked for and the job is set again', () => {
    const { link, tip } = aCustomPool(current, { hash: drawn })
    const miner = new TestMiner(link, current, MINING_SETUP_FLAGS.REQUIRES_WORK_SELECTION)
    const channel = miner.open('extended', { hashrate: 2 ** 32 * 2 ** -22 * (12 / 60) })
    const hard = targetToDifficulty(channel.target)
    expect(meetsTarget(difficultyToTarget(2 ** -26), channel.target)).toBe(false)
    const ask = () =>
      miner.peer.send({
        type: 'UpdateChannel',
        channelId: channel.channelId,
        nominalHashRate: 2 ** 32 * 2 ** -26 * (12 / 60),
        maximumTarget: filled(0xff),
      })
    const share = (jobId: number, step: number, nonce: number) =>
      miner.peer.send({
        type: 'SubmitSharesExtended',
        channelId: channel.channelId,
        sequenceNumber: nonce,
        jobId,
        nonce: nonceOf(step, nonce),
        ntime: NTIME,
        version: 0x2000_0000,
        extranonce: filled(1, channel.extranonceSize),
      })
    const first = setJob(miner, channel, aCustomJob(channel))
    ask()
    expect(miner.take()).toEqual([])
    const again = setJob(miner, channel, aCustomJob(channel, { minNtime: NTIME + 1 }))
    const other = setJob(miner, channel, aCustomJob(channel, { merklePath: [] }))
    for (const [nonce, { jobId }] of [first, again, other].entries()) {
      share(jobId, 1, nonce + 1)
      share(jobId, 4, nonce + 10)
    }
    expect(link.factsOf('shareAccepted').map(({ difficulty }) => difficulty)).toEqual([hard, hard])
    // with the next tip it gets what it asked for
    tip({ templateId: 9n }, { prevHash: filled(9) })
    expect(miner.takeOf('SetTarget')).toHaveLength(1)
    const later = setJob(miner, channel, aCustomJob(channel, { prevHash: filled(9) }))
    share(later.jobId, 2, 50)
    expect(link.factsOf('shareAccepted')).toHaveLength(1)
  })
})
