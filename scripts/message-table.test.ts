import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { handlingOf, roles } from './message-roles.ts'
import { messageTable } from './message-table.ts'

test('docs/messages.md is up to date; scripts/make-message-table.ts writes it', () => {
  expect(readFileSync(resolve(import.meta.dirname, '../docs/messages.md'), 'utf8')).toBe(messageTable())
})

describe('the table', () => {
  const handling = (name: string) => handlingOf(roles.find((role) => role.name === name)!)
  const share = { type: 'SubmitSharesExtended', area: 'mining', direction: 'to-server' } as const
  const template = { type: 'NewTemplate', area: 'templates', direction: 'to-client' } as const

  test('says that a pool takes shares and templates', () => {
    expect(handling('pool')(share)).toEqual({ takes: true, sends: false })
    expect(handling('pool')(template)).toEqual({ takes: true, sends: false })
  })

  test('says that a device sends shares and knows nothing of templates', () => {
    expect(handling('device')(share)).toEqual({ takes: false, sends: true })
    expect(handling('device')(template)).toEqual({ takes: false, sends: false })
  })

  test('says that a template provider sends templates', () => {
    expect(handling('template provider')(template)).toEqual({ takes: false, sends: true })
  })
})
