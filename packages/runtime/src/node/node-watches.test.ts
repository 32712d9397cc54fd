import type { NodeTemplate, Room } from '@sv2/roles/ground'
import { describe, expect, test } from 'vitest'
import { NodeWatches } from './node-watches.ts'
import type { NodeState, NodeWatchObserver, TemplateWatch } from './template-watch.ts'

const AWAY: NodeState = { kind: 'waiting', cause: 'away', message: 'away', retryMs: 1, blocksBehind: 0 }
const templateOf = (height: number): NodeTemplate => ({ height }) as NodeTemplate

/** A node whose state the test sets. */
class Played implements TemplateWatch {
  isReady = false
  isRunning = false
  room: Room | undefined
  pokes = 0
  observer: NodeWatchObserver | undefined

  async run(): Promise<void> {
    this.isRunning = true
  }

  poke(): void {
    this.pokes++
  }

  setRoom(room: Room): void {
    this.room = room
  }

  stop(): void {
    this.isRunning = false
  }

  give(height: number): void {
    this.observer?.onTemplate(templateOf(height))
    this.isReady = true
    this.observer?.onState({ kind: 'ready' })
  }

  fail(): void {
    this.isReady = false
    this.observer?.onState(AWAY)
  }
}

function following(count: number) {
  const played = Array.from({ length: count }, () => new Played())
  const heights: number[] = []
  const states: string[] = []
  const watches = new NodeWatches(
    played.map((each, place) => ({
      name: `node ${place}`,
      watch(observer) {
        each.observer = observer
        return each
      },
    })),
    {
      onTemplate: ({ height }) => heights.push(height),
      onState: (state) => states.push(state.kind === 'instead' ? `instead ${state.node}` : state.kind),
    },
  )
  void watches.run()
  return { watches, played, heights, states }
}

describe('several nodes', () => {
  test('the first alone is followed while it gives templates', () => {
    const { watches, played, heights } = following(2)
    played[0]!.give(1)
    expect(heights).toEqual([1])
    expect(played.map(({ isRunning }) => isRunning)).toEqual([true, false])
    expect(watches.isReady).toBe(true)
  })

  test('the next one gives templates instead of one that does not, and is told of', () => {
    const { watches, played, heights, states } = following(3)
    played[0]!.give(1)
    played[0]!.fail()
    played[1]!.give(2)
    // it goes on being away, which is no news
    played[0]!.fail()
    expect(heights).toEqual([1, 2])
    expect(states).toEqual(['ready', 'waiting', 'instead node 1', 'ready'])
    expect(watches.isReady).toBe(true)
    expect(played[2]!.isRunning).toBe(false)
  })

  test('the first is used again as soon as it is back, and the others are left', () => {
    const { played, heights } = following(2)
    played[0]!.fail()
    played[1]!.give(1)
    played[0]!.give(2)
    played[1]!.give(3)
    expect(heights).toEqual([1, 2])
    expect(played.map(({ isRunning }) => isRunning)).toEqual([true, false])
    played[0]!.fail()
    expect(played[1]!.isRunning).toBe(true)
  })

  test('when none gives templates, that is told', () => {
    const { watches, played, states } = following(2)
    played[0]!.fail()
    played[1]!.fail()
    expect(states).toEqual(['waiting', 'waiting'])
    expect(watches.isReady).toBe(false)
  })

  test('all that are followed are told of the room, are poked and stopped', () => {
    const { watches, played } = following(2)
    watches.setRoom({ weight: 5_000, sigops: 4 })
    played[0]!.fail()
    watches.poke()
    expect(played.map(({ room, pokes }) => [room?.weight, pokes])).toEqual([
      [5_000, 1],
      [5_000, 1],
    ])
    watches.stop()
    expect(played.map(({ isRunning }) => isRunning)).toEqual([false, false])
    played[0]!.fail()
    expect(played[1]!.isRunning).toBe(false)
  })
})
