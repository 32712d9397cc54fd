import { current } from '@sv2/messages/current'
import { draft } from '@sv2/messages/draft'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { arbitraryLine } from '../_sv1-lines.ts'
import { aTranslator } from '../_sv1-world.ts'

const RUNS = Number(process.env.FUZZ_RUNS ?? 20_000)

test.each([current, draft])('arbitrary lines of one session never disturb another ($name)', (edition) => {
  fc.assert(
    fc.property(fc.array(arbitraryLine, { maxLength: 40 }), fc.boolean(), (lines, aggregated) => {
      const { world } = aTranslator(edition, aggregated ? {} : { aggregated: false, eager: false })
      const bystander = aggregated ? world.miner('good.one').login() : undefined
      const peer = world.peer()
      for (const line of lines) peer.send(line)
      world.link.advance(1_500)
      if (bystander !== undefined) expect(bystander.mine()).toBe(true)
    }),
    { numRuns: RUNS },
  )
})
