import { test } from 'vitest'
import { killWhileWriting } from './_kills.ts'

test('a journal whose process is killed at any moment holds every share that was told of, once', async () => {
  await killWhileWriting(4)
}, 60_000)
