import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nextState, type PairEvent, type PairFault, type PairState, TRANSITIONS } from './pair-machine.ts'

const STATES = Object.keys(TRANSITIONS) as PairState[]
const FAULTS: readonly PairFault[] = [
  'channelDenied',
  'noToken',
  'jobRefused',
  'unanswered',
  'sharesRefused',
  'raceLost',
  'unusable',
]
const EVENTS: readonly PairEvent[] = [
  'connected',
  'lost',
  'opened',
  'proposed',
  'acknowledged',
  'raced',
  'left',
  'pardoned',
  ...FAULTS,
]
/** What happens when everybody behaves, whatever was before. */
const GOOD_END: readonly PairEvent[] = ['pardoned', 'connected', 'opened', 'proposed', 'acknowledged']

describe('the table of a pair', () => {
  test('leads back to mining from every state, after any events', () => {
    fc.assert(
      fc.property(fc.constantFrom(...STATES), fc.array(fc.constantFrom(...EVENTS)), (from, events) => {
        const somewhere = events.reduce(nextState, from)
        expect(GOOD_END.reduce(nextState, somewhere)).toBe('mining')
      }),
    )
  })

  test.each(STATES.filter((state) => state !== 'barred' && state !== 'away'))(
    'has every fault in state %s lead away from the pair',
    (state) => {
      for (const fault of FAULTS) expect(nextState(state, fault), fault).toBe('barred')
      expect(nextState(state, 'lost')).toBe('away')
    },
  )

  test('takes nothing but a pardon for a pair that is barred', () => {
    for (const event of EVENTS.filter((each) => each !== 'pardoned'))
      expect(nextState('barred', event)).toBe('barred')
  })

  test('knows no jobs of a pair without channel and token', () => {
    for (const event of ['proposed', 'acknowledged', 'raced'] as const) {
      expect(nextState('away', event)).toBe('away')
      expect(nextState('opening', event)).toBe('opening')
    }
  })
})
