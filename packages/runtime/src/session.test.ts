import { afterEach, expect, test } from 'vitest'
import { socketPair } from './_fixtures.ts'
import { HeldBytes } from './held-bytes.ts'
import { Session } from './session.ts'
import type { Wire } from './wire.ts'

class Refused extends Error {}

/** A peer that speaks words: `s1` is a share, `x` cannot be read. */
const wordWire: Pick<Wire, 'read' | 'isShare' | 'isSetup' | 'blames' | 'heldBytes'> = {
  heldBytes: 0,
  *read(chunk) {
    for (const word of Buffer.from(chunk).toString().split(' ')) {
      if (word === 'x') throw new Refused('x')
      yield word
    }
  },
  isShare: (word) => String(word).startsWith('s'),
  isSetup: () => false,
  blames: (error): error is Error => error instanceof Refused,
}

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

/** What a session tells its owner of what it has read. */
async function told(text: string, closeAt?: string): Promise<string[]> {
  const { near, close } = await socketPair()
  closing.push(close)
  const lines: string[] = []
  const session: Session = new Session(
    { id: 1, socket: near },
    {
      wire: wordWire as Wire,
      maxQueuedBytes: 1000,
      owner: {
        foresee: (_, messages) => lines.push(`next: ${messages.join(' ')}`),
        deliver(_, message) {
          lines.push(String(message))
          if (message === closeAt) session.abort('closed by the role')
        },
        noted() {},
        delivered() {},
        gone: (_, reason) => lines.push(`gone: ${reason}`),
      },
      held: new HeldBytes(1_000_000),
      progress: {},
      clock: { now: () => 0 },
      turnMs: 4,
    },
  )
  session.start(Buffer.from(text))
  return lines
}

test('a run of shares is foreseen, up to what comes behind them, and no message is read before the answer to another', async () => {
  expect(await told('a s1 s2 b c s3')).toEqual(['a', 'next: s1 s2 b', 's1', 's2', 'b', 'c', 's3'])
})

test('a long run is foreseen in parts', async () => {
  const shares = Array.from({ length: 10 }, (_, n) => `s${n}`)
  const [first, last] = [shares.slice(0, 8), shares.slice(8)]
  const wanted = [`next: ${first.join(' ')}`, ...first, `next: ${last.join(' ')}`, ...last]
  expect(await told(shares.join(' '))).toEqual(wanted)
})

test('shares are heard before an error of what comes behind them', async () => {
  expect(await told('s1 s2 x s3')).toEqual(['next: s1 s2', 's1', 's2', 'gone: x'])
})

test('after a close nothing that was read is heard', async () => {
  expect(await told('s1 s2 s3', 's2')).toEqual(['next: s1 s2 s3', 's1', 's2', 'gone: closed by the role'])
})
