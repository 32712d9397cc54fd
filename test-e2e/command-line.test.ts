import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'smol-toml'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AppName, runCommand } from './process.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sv2-command-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

function fileWith(text: string): string {
  const file = join(folder, `${Math.random()}.toml`)
  writeFileSync(file, text)
  return file
}

/** For each app: a configuration with more than one problem. */
const apps: readonly {
  readonly app: AppName
  readonly bad: string
  readonly problems: readonly RegExp[]
}[] = [
  {
    app: 'pool',
    bad: 'network = "mainnet"\npayout.address = "bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202"\nlog.level = "loud"\ntemplate_provider = { host = "127.0.0.1", noise = false }\n[[listen]]\nprot = 1',
    problems: [
      /log\.level = "loud": must be one of/,
      /listen\.0\.prot = 1: unknown key; did you mean port\?/,
    ],
  },
  {
    app: 'template-provider',
    bad: 'template_interval_sec = 0\nnetwork = "main"\nnodes = [{ url = "ftp://x" }]',
    problems: [
      /template_interval_sec = 0: must be at least 0\.1/,
      /network = "main": must be one of/,
      /nodes\.0\.url = "ftp:\/\/x"/,
    ],
  },
  {
    app: 'translator-proxy',
    bad: 'direction = "up"\n[v2_to_v1]\nlease_bytes = 9\n[[v2_to_v1.pools]]\nurl = "http://x"\nuser_identity = "me"',
    problems: [
      /direction = "up": must be one of/,
      /v2_to_v1\.lease_bytes = 9: must be at most 4/,
      /v2_to_v1\.pools\.0\.url = "http:\/\/x": must be stratum\+tcp/,
    ],
  },
  {
    app: 'mining-device',
    bad: 'threads = -1\nmode = "solo"\nuser = "x"\nupstream = { host = "127.0.0.1", noise = false }',
    problems: [
      /threads = -1: must be at least 0/,
      /mode = "solo": must be one of/,
      /user = "x": unknown key/,
    ],
  },
  {
    app: 'mining-proxy',
    bad: 'mode = "both"\nupstreams = [{ host = "127.0.0.1", noise = false, share = 101 }]\nstop_after_sec = -1',
    problems: [
      /mode = "both": must be one of/,
      /upstreams\.0\.share = 101: must be at most 100/,
      /stop_after_sec = -1: must be at least 0/,
    ],
  },
]

describe.each(apps)('sv2-$app', ({ app, bad, problems }) => {
  test('says what it is, what it can be asked for, and its version', async () => {
    const [help, version] = await Promise.all([runCommand(app, '--help'), runCommand(app, '--version')])
    expect(help).toMatchObject({ code: 0, stderr: '' })
    expect(help.stdout).toMatch(new RegExp(`^Usage: sv2-${app}`))
    for (const option of ['--config', '--check', '--print-default']) expect(help.stdout).toContain(option)
    expect(version).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) })
  })

  test('checks a configuration, and lists every problem at once', async () => {
    const ill = await runCommand(app, '--check', '--config', fileWith(bad))
    expect(ill).toMatchObject({ code: 64, stdout: '' })
    for (const problem of problems) expect(ill.stderr).toMatch(problem)
  })

  test('prints a configuration with comments', async () => {
    const printed = await runCommand(app, '--print-default')
    expect(printed).toMatchObject({ code: 0, stderr: '' })
    expect(printed.stdout).toMatch(new RegExp(`^# ${app}: `))
    expect(() => parse(printed.stdout)).not.toThrow()
  })
})

test('a configuration without problems is said to be one', async () => {
  const file = fileWith('upstream = { host = "127.0.0.1", noise = false }')
  const ending = await runCommand('mining-device', '--check', '--config', file)
  expect(ending).toMatchObject({ code: 0, stdout: 'configuration ok\n', stderr: '' })
})

test('sv2-job-negotiator server prints its configuration, and lists every problem of one', async () => {
  const [printed, ill] = await Promise.all([
    runCommand('job-negotiator', 'server', '--print-default'),
    runCommand(
      'job-negotiator',
      'server',
      '--check',
      '--config',
      fileWith('token_valid_sec = 1\nnodes = []'),
    ),
  ])
  expect(printed.stdout).toMatch(/^# job-negotiator-server: /)
  expect(() => parse(printed.stdout)).not.toThrow()
  expect(ill).toMatchObject({ code: 64, stdout: '' })
  for (const problem of [/token_valid_sec = 1: must be at least 60/, /nodes = \[\]/])
    expect(ill.stderr).toMatch(problem)
})

test('an option that is not known is an error that names it', async () => {
  const ending = await runCommand('pool', '--chekc')
  expect(ending.code).not.toBe(0)
  expect(ending.stderr).toContain("unknown option '--chekc'")
})

test('sv2-keys makes a key once, prints it and its URL, and says what a URL holds', async () => {
  const file = join(folder, 'authority.key')
  const made = await runCommand('keys', 'make', file)
  expect(made).toMatchObject({ code: 0, stderr: '' })
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const [again, shown] = await Promise.all([
    runCommand('keys', 'make', file),
    runCommand('keys', 'show', file, '--host', 'pool.example', '--port', '3333'),
  ])
  expect(again.code).toBe(64)
  expect(again.stderr).toMatch(/^sv2-keys: EEXIST/)
  const [key, url] = shown.stdout.trim().split('\n')
  expect(key).toBe(made.stdout.trim())
  const read = await runCommand('keys', 'read', url!)
  expect(read.stdout).toMatch(/^edition current\nkey {5}[0-9a-f]{64}\nserver {2}pool\.example:3333\n$/)
})
