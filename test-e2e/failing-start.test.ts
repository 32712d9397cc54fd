import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { AppProcess } from './process.ts'

/** A pool's least configuration; its template provider need not be there for it to start. */
const POOL = {
  data_dir: mkdtempSync(join(tmpdir(), 'sv2-failing-start-')),
  payout: { mode: 'solo' },
  template_provider: { host: '127.0.0.1', port: 9, noise: false },
  monitoring: { port: 0 },
}

afterAll(() => rmSync(POOL.data_dir, { recursive: true }))

test('a key file that is not there is a problem of the configuration: exit code 64', async () => {
  const pool = new AppProcess('pool', {
    ...POOL,
    authority_secret_key_file: '/nonexistent-folder-of-a-test/a.key',
    listen: [{ host: '127.0.0.1', port: 0 }],
  })
  expect(await pool.ended).toMatchObject({
    code: 64,
    stderr: expect.stringMatching(/authority_secret_key_file = .*: cannot be read: ENOENT/),
  })
})

test('a port that is taken is named: exit code 70', async () => {
  const taken = createServer()
  taken.listen(0, '127.0.0.1')
  await once(taken, 'listening')
  const address = taken.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const pool = new AppProcess('pool', { ...POOL, listen: [{ host: '127.0.0.1', port, noise: false }] })
  expect((await pool.logged(({ level }) => level === 60)).msg).toContain(`EADDRINUSE`)
  const ending = await pool.ended
  taken.close()
  expect(ending.code).toBe(70)
  expect(ending.stdout).toContain(`127.0.0.1:${port}`)
})

test('a data folder that another process has is refused by its name: exit code 64', async () => {
  const config = { ...POOL, listen: [{ host: '127.0.0.1', port: 0 }] }
  const first = new AppProcess('pool', config)
  await first.logged('listening')
  const second = new AppProcess('pool', config)
  const line = await second.logged('configuration problem')
  expect(line).toMatchObject({ key: 'data_dir', value: POOL.data_dir })
  expect(line.message).toMatch(/is in use by pool, process \d+/)
  expect(await second.ended).toMatchObject({ code: 64 })
  await first.kill('SIGKILL')
  const third = new AppProcess('pool', config)
  await third.logged('listening')
  expect(await third.kill('SIGTERM')).toMatchObject({ code: 0 })
})
