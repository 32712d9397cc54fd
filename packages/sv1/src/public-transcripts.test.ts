import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { text, unhex } from './_fixtures.ts'
import { type Notify, readSubscribeResult, sv1Client, sv1Server } from './index.ts'

const path = join(import.meta.dirname, '../../../../shared/vectors/sv1-transcripts.json')

interface Line {
  readonly from: 'client' | 'server'
  readonly line: string
}

interface Vectors {
  readonly transcripts: readonly { readonly id: string; readonly lines: readonly Line[] }[]
  readonly jobs: readonly {
    readonly id: string
    readonly notify_params: unknown[]
    readonly header: string
  }[]
  readonly messages: readonly (Line & {
    readonly id: string
    readonly valid: boolean
    readonly expect?: object
  })[]
}

/** What a line is to whom it was sent; an answer to `mining.subscribe` that grants nothing is malformed too. */
function kindOf({ from, line }: Line): string {
  if (from === 'client') return sv1Server.decode(line).type
  const message = sv1Client.decode(line)
  if (message.type !== 'response' || !Array.isArray(message.result)) return message.type
  return readSubscribeResult(message.result) === undefined ? 'malformed' : message.type
}

/** What the line calls itself, without the help of the code under test. */
function methodOf({ line }: Line): string {
  return (JSON.parse(line) as { method?: string }).method ?? 'response'
}

if (existsSync(path)) {
  const { transcripts, jobs, messages } = JSON.parse(readFileSync(path, 'utf8')) as Vectors

  describe('public transcripts', () => {
    test.each(transcripts)('every line of $id is understood', ({ lines }) => {
      expect(lines.map(kindOf)).toEqual(lines.map(methodOf))
    })

    // one job of the collection is a bare header
    test.each(jobs.filter(({ notify_params }) => notify_params !== undefined))(
      'the job of $id reads, and is written as it was',
      ({ notify_params, header }) => {
        const line = JSON.stringify({ id: null, method: 'mining.notify', params: notify_params })
        const job = sv1Client.decode(line) as Notify
        expect(job.prevHash).toEqual(unhex(header.slice(8, 72)))
        expect(JSON.parse(text(sv1Server.encode(job)))).toEqual(JSON.parse(line))
      },
    )

    test.each(messages.filter(({ valid }) => valid))('$id is sound', (message) => {
      const known = !JSON.stringify(message.expect ?? {}).includes('"known_method":false')
      expect(kindOf(message)).toBe(known ? methodOf(message) : 'unknown')
    })

    test.each(messages.filter(({ valid }) => !valid))('$id is refused', (message) => {
      expect(kindOf(message)).toBe('malformed')
    })
  })
} else {
  test.skip(`public transcripts: ${path} is missing`, () => {})
}
