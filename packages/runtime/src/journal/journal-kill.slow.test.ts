import { test } from 'vitest'
import { killWhileWriting } from './_kills.ts'

test('200 kills under load: every share that was told of is there, once', async () => {
  await killWhileWriting(200)
})
