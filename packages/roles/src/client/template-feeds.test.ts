import { encodeHeightPush } from '@sv2/bitcoin'
import type { NewTemplate, SetNewPrevHashTdp, SubmitSolution } from '@sv2/messages'
import { describe, expect, test } from 'vitest'
import type { TemplateFeedEffect } from './template-feed.ts'
import { TemplateFeeds, type TemplatesFact } from './template-feeds.ts'

const MAX_AGE = 60_000
const endpoint = { host: 'provider.test', port: 8442 }

/** A template at a height; `fees` tell templates of one height apart. */
function template(id: number, height: number, fees = 0): NewTemplate {
  return {
    type: 'NewTemplate',
    templateId: BigInt(id),
    futureTemplate: true,
    version: 0x2000_0000,
    coinbaseTxVersion: 2,
    coinbasePrefix: encodeHeightPush(height),
    coinbaseTxInputSequence: 0xffff_ffff,
    coinbaseTxValueRemaining: 50n + BigInt(fees),
    coinbaseTxOutputsCount: 0,
    coinbaseTxOutputs: new Uint8Array(0),
    coinbaseTxLocktime: 0,
    merklePath: [],
  }
}

/** The tip below a height; `fork` tells blocks of one height apart. */
function tip(id: number, height: number, fork = 0): SetNewPrevHashTdp {
  return {
    type: 'SetNewPrevHashTdp',
    templateId: BigInt(id),
    prevHash: Uint8Array.of(height, fork, ...new Uint8Array(30)),
    headerTimestamp: 1_767_225_600,
    nbits: 0x1d00_ffff,
    target: new Uint8Array(32).fill(0xff),
  }
}

/** Three providers, all connected; the session of each is ten more than its number. */
function threeProviders() {
  let effects: (TemplateFeedEffect | TemplatesFact)[] = []
  const identification = { vendor: 'v', hardwareVersion: 'h', firmware: 'f', deviceId: '' }
  const feeds = new TemplateFeeds(
    {
      identification,
      endpoint,
      backups: [endpoint, endpoint],
      outputSize: 40,
      outputSigops: 4,
      workMaxAgeMs: MAX_AGE,
    },
    (effect) => effects.push(effect),
  )
  const taken = () => {
    const all = effects
    effects = []
    return all
  }
  const connect = (provider: number): void => {
    feeds.opened(10 + provider, provider)
    feeds.message(10 + provider, { type: 'SetupConnection.Success', usedVersion: 2, flags: 0 })
  }
  for (const provider of [0, 1, 2]) connect(provider)
  taken()
  return {
    feeds,
    connect,
    taken,
    /** A provider has a template on a tip; what the owner has to know of it. */
    works: (provider: number, height: number, { id = height, fees = 0, fork = 0 } = {}) => {
      feeds.message(10 + provider, template(id, height, fees))
      return feeds.message(10 + provider, tip(id, height, fork))
    },
    /** A better template on the same tip. */
    improves: (
      provider: number,
      height: number,
      { id, fees }: { readonly id: number; readonly fees: number },
    ) => feeds.message(10 + provider, { ...template(id, height, fees), futureTemplate: false }),
  }
}

const worth = (fees: number) => ({ template: { coinbaseTxValueRemaining: 50n + BigInt(fees) } })

describe('work of several template providers', () => {
  test('comes from the preferred one, as long as none has told of a higher block', () => {
    const { works, taken } = threeProviders()
    expect(works(0, 100, { fees: 1 })).toMatchObject({ kind: 'tip', ...worth(1) })
    expect(works(1, 100, { fees: 9 })).toBeUndefined()
    expect(works(2, 99, { fees: 9 })).toBeUndefined()
    expect(taken().filter(({ kind }) => kind === 'templatesFrom')).toEqual([])
  })

  test('comes from the one that is first at a block, and from the preferred one again when that is there too', () => {
    const { works, taken } = threeProviders()
    works(0, 100)
    expect(works(2, 101, { fees: 2 })).toMatchObject({ kind: 'tip', ...worth(2) })
    expect(works(1, 101, { fees: 1 })).toMatchObject({ kind: 'tip', ...worth(1) })
    expect(works(0, 101, { fees: 0 })).toMatchObject({ kind: 'tip', ...worth(0) })
    expect(taken().filter(({ kind }) => kind === 'templatesFrom')).toEqual([
      { kind: 'templatesFrom', provider: 2 },
      { kind: 'templatesFrom', provider: 1 },
      { kind: 'templatesFrom', provider: 0 },
    ])
  })

  test('does not go over to another block of the same height, but follows its own provider anywhere', () => {
    const { works } = threeProviders()
    works(1, 100)
    expect(works(0, 100, { fork: 1 })).toBeUndefined()
    expect(works(1, 100, { fork: 2 })).toMatchObject({
      kind: 'tip',
      tip: { prevHash: tip(0, 100, 2).prevHash },
    })
    expect(works(1, 99, { fork: 2 })).toBeUndefined() // the other one is higher
    const alone = threeProviders()
    alone.works(0, 100)
    expect(alone.works(0, 99)).toMatchObject({ kind: 'tip' })
  })

  test('goes on with a connected provider in the moment when its own is gone', () => {
    const { feeds, works, improves } = threeProviders()
    works(0, 100)
    works(1, 100, { fees: 1 })
    improves(1, 100, { id: 7, fees: 3 })
    expect(feeds.closed(10, 0)).toMatchObject({ kind: 'tip', ...worth(3) })
    expect(feeds.tick(MAX_AGE * 2)).toBeUndefined()
  })

  test('is not taken from a provider that is behind, until the work there was is too old', () => {
    const { feeds, works } = threeProviders()
    works(0, 100)
    works(1, 98, { fees: 5 })
    expect(feeds.closed(10, 1_000)).toBeUndefined()
    expect(works(1, 99, { fees: 6 })).toBeUndefined()
    expect(feeds.tick(MAX_AGE + 999)).toBeUndefined()
    expect(feeds.tick(MAX_AGE + 1_000)).toMatchObject({ kind: 'tip', ...worth(6) })
  })

  test('is too old when all are away, and there is some again when one comes back', () => {
    const { feeds, works, connect } = threeProviders()
    works(0, 100)
    for (const session of [10, 11, 12]) expect(feeds.closed(session, 0)).toBeUndefined()
    expect(feeds.tick(MAX_AGE)).toEqual({ kind: 'tooOld' })
    connect(2)
    expect(works(2, 100)).toMatchObject({ kind: 'tip' })
  })

  test('of a provider that is not mined for is left aside: its future templates, and those it loses', () => {
    const { feeds, works } = threeProviders()
    works(0, 100)
    works(1, 100, { fees: 1 })
    expect(feeds.message(11, template(8, 101))).toBeUndefined()
    expect(feeds.message(10, template(9, 101))).toMatchObject({ kind: 'future' })
    const gone = (session: number) =>
      feeds.message(session, {
        type: 'RequestTransactionData.Error',
        templateId: 100n,
        errorCode: 'template-id-not-found',
      })
    const mine = works(0, 101)
    if (mine?.kind !== 'tip') throw new Error('no work')
    expect(gone(11)).toMatchObject({ kind: 'gone' })
    const ofOther = gone(11)
    const own = feeds.message(10, {
      type: 'RequestTransactionData.Error',
      templateId: 101n,
      errorCode: 'template-id-not-found',
    })
    expect(ofOther?.kind === 'gone' && ofOther.isOf(mine.template)).toBe(false)
    expect(own?.kind === 'gone' && own.isOf(mine.template)).toBe(true)
  })
})

describe('the same template of two providers', () => {
  const solution = (templateId: bigint) => ({
    hash: 'aa'.repeat(32),
    prevHash: tip(0, 100).prevHash,
    message: {
      type: 'SubmitSolution',
      templateId,
      version: 0,
      headerTimestamp: 0,
      headerNonce: 0,
      coinbaseTx: new Uint8Array(0),
    } satisfies SubmitSolution,
  })

  /** Work of provider 1, and then the same of the preferred one under another number. */
  function twins() {
    const it = threeProviders()
    const news = it.works(1, 100, { id: 5 })
    if (news?.kind !== 'tip') throw new Error('no work')
    expect(it.works(0, 100, { id: 77 })).toBeUndefined()
    it.taken()
    return { ...it, template: news.template }
  }

  test('is one job, and a block on it goes to both, each by its own number', () => {
    const { feeds, taken, template: mined } = twins()
    feeds.submit(solution(5n), mined)
    expect(taken()).toMatchObject([
      { kind: 'keepSolution', solution: { message: { templateId: 5n } } },
      { kind: 'send', to: 11, message: { type: 'SubmitSolution', templateId: 5n } },
      { kind: 'send', to: 10, message: { type: 'SubmitSolution', templateId: 77n } },
    ])
  })

  test('a block on it is forgotten when both have seen what became of it, and kept by then', () => {
    const { feeds, works, taken, template: mined } = twins()
    feeds.submit(solution(5n), mined)
    const forgotten = () => taken().filter(({ kind }) => kind === 'forgetSolution')
    for (let height = 101; height <= 110; height++) works(1, height)
    expect(forgotten()).toEqual([])
    for (let height = 101; height <= 110; height++) works(0, height)
    expect(forgotten()).toEqual([{ kind: 'forgetSolution', hash: 'aa'.repeat(32) }])
  })

  test('a provider that comes back on it is not taken for another', () => {
    const { feeds, connect, works } = twins()
    feeds.closed(10, 0)
    connect(0)
    expect(works(0, 100, { id: 78 })).toBeUndefined()
    feeds.closed(11, 0)
    expect(works(0, 100, { id: 79, fees: 4 })).toMatchObject({ kind: 'tip', ...worth(4) })
  })
})
