import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { keysCommand } from './command.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sv2-keys-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

async function run(...args: string[]): Promise<string[]> {
  const lines: string[] = []
  await keysCommand((line) => lines.push(line)).parseAsync(args, { from: 'user' })
  return lines
}

describe.each(['current', 'draft'])('sv2-keys, edition %s', (edition) => {
  test('a key it made is shown again, and read as one of its edition', async () => {
    const file = join(folder, 'authority.key')
    const made = await run('make', file, '--edition', edition)
    expect(made).toHaveLength(1)
    const [shown, url] = await run(
      'show',
      file,
      '--edition',
      edition,
      '--host',
      'pool.example',
      '--port',
      '3333',
    )
    expect(shown).toBe(made[0])
    expect(url).toBe(`stratum2+tcp://pool.example:3333/${shown}`)
    expect(await run('read', url!)).toEqual([
      `edition ${edition}`,
      expect.stringMatching(/^key {5}[0-9a-f]{64}$/),
      'server  pool.example:3333',
    ])
  })

  test('with --json each command prints the same as one object', async () => {
    const file = join(folder, 'authority.key')
    const json = async (...args: string[]) => JSON.parse((await run(...args, '--json')).join('')) as object
    const { key } = (await json('make', file, '--edition', edition)) as { key: string }
    const url = `stratum2+tcp://pool.example/${key}`
    expect(await json('show', file, '--edition', edition, '--host', 'pool.example')).toEqual({ key, url })
    expect(await json('read', `stratum2+tcp://pool.example:3333/${key}`)).toMatchObject({
      edition,
      server: 'pool.example:3333',
    })
  })

  test('the secret is readable by its owner alone, and never overwritten', async () => {
    const file = join(folder, 'authority.key')
    await run('make', file, '--edition', edition)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    await expect(run('make', file, '--edition', edition)).rejects.toThrow(/EEXIST/)
  })
})

describe.each(['current', 'draft'])('sv2-keys ensure, edition %s', (edition) => {
  test('makes the key that a server would make, its public half for clients, and a token key', async () => {
    const [publicFolder, token] = [join(folder, 'public'), join(folder, 'tokens/token.key')]
    const servers = [join(folder, 'pool'), join(folder, 'template-provider')]
    const args = [...servers, '--public', publicFolder, '--token', token, '--edition', edition]
    const made = await run('ensure', ...args)
    const keyOf = (name: string) => readFileSync(join(publicFolder, `${name}.pub`), 'utf8').trim()
    expect(made).toEqual([
      `pool ${keyOf('pool')} (made now)`,
      `template-provider ${keyOf('template-provider')} (made now)`,
    ])
    const file = join(folder, 'pool', `authority-${edition}.key`)
    expect(await run('show', file, '--edition', edition)).toEqual([keyOf('pool')])
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(statSync(token).mode & 0o777).toBe(0o600)
  })

  test('changes nothing the second time', async () => {
    const token = join(folder, 'token.key')
    const args = [join(folder, 'pool'), '--public', folder, '--token', token, '--edition', edition]
    const [first] = await run('ensure', ...args)
    const secret = readFileSync(token, 'utf8')
    expect(await run('ensure', ...args)).toEqual([first?.replace(' (made now)', '')])
    expect(readFileSync(token, 'utf8')).toBe(secret)
  })
})

test('a token key goes to a new file, for its owner alone', async () => {
  const file = join(folder, 'token.key')
  expect(await run('token-key', file)).toEqual([file])
  expect(readFileSync(file, 'utf8')).toMatch(/^[0-9a-f]{64}\n$/)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  await expect(run('token-key', file)).rejects.toThrow(/EEXIST/)
})
