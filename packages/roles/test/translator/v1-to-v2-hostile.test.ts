import { current } from '@sv2/messages/current'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { arbitraryLine } from '../_sv1-lines.ts'
import { aTranslator } from '../_sv1-world.ts'

test('whatever one miner sends, every request has one answer and no other miner is disturbed', () => {
  fc.assert(
    fc.property(fc.array(arbitraryLine, { maxLength: 30 }), (lines) => {
      const { world } = aTranslator(current)
      const bystander = world.miner('good.one').login()
      const peer = world.peer()
      for (const line of lines) {
        const before = peer.lines.length
        peer.send(line)
        const answers = peer.lines.slice(before).filter(({ method }) => method === undefined)
        expect(answers.length).toBeLessThanOrEqual(1)
      }
      world.link.advance(1_500)
      expect(bystander.mine()).toBe(true)
      expect(bystander.peer.closed).toBeUndefined()
    }),
    { numRuns: 300 },
  )
})
