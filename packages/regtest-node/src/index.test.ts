import { expect, test } from 'vitest'
import * as api from './index.ts'

test('the package exports these names and no others', () => {
  expect(Object.keys(api).sort()).toMatchInlineSnapshot(`
    [
      "RegtestNode",
      "connectNodes",
      "startRegtestNode",
    ]
  `)
})
