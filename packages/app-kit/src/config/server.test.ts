import { expect, test } from 'vitest'
import { z } from 'zod'
import { serverKeys } from './server.ts'

const schema = z.strictObject(serverKeys({ dataDir: './data', dataDirHolds: 'keys' }))

test.each(['authority_secret_key_file', 'draft_authority_secret_key_file'])(
  '%s has to be there when it is named',
  (key) => {
    const { error } = schema.safeParse({ [key]: '/nonexistent/a.key' })
    expect(error?.issues).toMatchObject([
      { path: [key], message: expect.stringMatching(/^cannot be read: ENOENT/) },
    ])
    expect(schema.safeParse({ [key]: import.meta.filename }).success).toBe(true)
  },
)
