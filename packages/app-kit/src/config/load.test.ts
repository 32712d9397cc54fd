import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { logSchema, monitoringSchema } from '../app.ts'
import { doorsSchema } from './door.ts'
import { loadConfig } from './load.ts'
import { ConfigError, formatProblem } from './problems.ts'

const schema = z.strictObject({
  name: z.string().min(1).default('anonymous'),
  level: z.int().min(1).max(9).default(5),
  difficulty: z.number().gt(0).lt(9).default(1),
  data_dir: z.string().default('./data'),
  monitoring: monitoringSchema(9_090),
  limits: z
    .strictObject({ rate: z.number().min(0.5).max(2).default(1), hosts: z.array(z.string()).default([]) })
    .prefault({}),
  listen: doorsSchema({ host: '127.0.0.1', port: 3333, maxPayloadBytes: 65_536, maxQueuedBytes: 65_536 }),
  log: logSchema,
})

const folder = mkdtempSync(join(tmpdir(), 'sv2-config-'))
afterAll(() => rmSync(folder, { recursive: true }))

function toml(text: string): string {
  const file = join(folder, 'config.toml')
  writeFileSync(file, text)
  return file
}

function load(file: string | undefined, env: Readonly<Record<string, string>> = {}) {
  return loadConfig(schema, { file, env, prefix: 'APP' })
}

/** Every problem, as the operator reads it. */
function problems(file: string | undefined, env: Readonly<Record<string, string>> = {}): readonly string[] {
  try {
    load(file, env)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(formatProblem)
    throw error
  }
  return []
}

describe('loading a configuration', () => {
  test('defaults are enough where nothing is required', () => {
    expect(load(undefined)).toMatchObject({ name: 'anonymous', level: 5, limits: { rate: 1 } })
    expect(load(undefined).listen).toHaveLength(1)
  })

  test('the file wins over the defaults, the environment over the file', () => {
    const file = toml('level = 3\nname = "file"\n[limits]\nrate = 2\n')
    expect(load(file, { APP__NAME: 'env' })).toMatchObject({ level: 3, name: 'env', limits: { rate: 2 } })
  })

  test('the environment reaches every depth, lists included', () => {
    const config = load(toml('[[listen]]\nport = 1\n[[listen]]\nport = 2\n'), {
      APP__LEVEL: '7',
      APP__LIMITS__RATE: '1.5',
      APP__LIMITS__HOSTS: '["a", "b"]',
      APP__LISTEN__1__PORT: '4444',
      APP__LISTEN__1__ALLOW_LIST: '["10.0.0.0/8"]',
      APP__LOG__LEVEL: 'debug',
    })
    expect(config).toMatchObject({
      level: 7,
      limits: { rate: 1.5, hosts: ['a', 'b'] },
      listen: [{ port: 1 }, { port: 4444, allow_list: ['10.0.0.0/8'] }],
      log: { level: 'debug' },
    })
  })

  test('a list that no file has is made by the environment alone', () => {
    expect(load(undefined, { APP__LISTEN__0__PORT: '4001' }).listen).toMatchObject([{ port: 4001 }])
  })

  test('variables of other programs are left alone', () => {
    expect(load(undefined, { APP_LEVEL: '1', OTHER__LEVEL: '2', LEVEL: '3' }).level).toBe(5)
  })

  test.each(['007', '1e3', 'true', '2026-01-01', '[1]'])('%s stays a text where a text is wanted', (text) => {
    expect(load(undefined, { APP__NAME: text }).name).toBe(text)
  })

  test('what was read cannot be changed any more', () => {
    const config = load(undefined)
    expect(Object.isFrozen(config)).toBe(true)
    expect(Object.isFrozen(config.limits.hosts)).toBe(true)
  })
})

describe('problems of a configuration', () => {
  test('all of them are told at once, each with key, value and what is allowed', () => {
    const file = toml(
      'level = 12\nname = ""\nlevle = 3\n[limits]\nrate = "fast"\n[[listen]]\nport = 70000\nedition = "old"\n',
    )
    expect(problems(file, { APP__LOG__LEVEL: 'loud' })).toEqual(
      expect.arrayContaining([
        'level = 12: must be at most 9',
        'name = "": must not be empty',
        'levle = 3: unknown key; did you mean level?',
        'limits.rate = "fast": Invalid input: expected number, received string',
        'listen.0.port = 70000: must be at most 65535',
        'listen.0.edition = "old": must be one of current, draft, auto',
        expect.stringMatching(/^log\.level = "loud": must be one of fatal, error, /),
      ]),
    )
  })

  test('an unknown key far from every other is answered by those known there', () => {
    expect(problems(toml('[limits]\nwhatever = 1\n'))).toEqual([
      'limits.whatever = 1: unknown key; known here: rate, hosts',
    ])
  })

  test('an unknown key inside a list is suggested too', () => {
    expect(problems(toml('[[listen]]\nprot = 1\n'))).toEqual([
      'listen.0.prot = 1: unknown key; did you mean port?',
    ])
  })

  test('a wrong variable is a problem of the key it stands for', () => {
    expect(problems(undefined, { APP__LEVEL: 'high' })).toEqual([
      expect.stringMatching(/^level = "high": .*expected number/),
    ])
  })

  test('a password is not repeated, whatever is wrong with it', () => {
    const file = toml(
      'pasword = "hush"\nrpc_password = 12345\nurl = "http://user:hush@host:1"\nother = { pass = "hush" }\n',
    )
    const told = problems(file)
    expect(told).toHaveLength(4)
    expect(told.join('\n')).not.toMatch(/hush|12345/)
    expect(told[2]).toMatch(/^url = "http:\/\/\(not shown\)@host:1": unknown key/)
  })

  test('an address of the allow list that is none is named', () => {
    expect(problems(undefined, { APP__LISTEN__0__ALLOW_LIST: '["10.0.0.0/40"]' })).toEqual([
      'listen.0.allow_list.0 = "10.0.0.0/40": must be an address or a network such as 10.0.0.0/8',
    ])
  })

  test('a file that is not there, or is no TOML, is a problem and no crash', () => {
    expect(problems(join(folder, 'missing.toml'))).toEqual([
      expect.stringMatching(/^--config = .*missing\.toml: cannot be read: ENOENT/),
    ])
    expect(problems(toml('level = = 3'))).toEqual([expect.stringContaining('config.toml: Invalid TOML')])
  })
})

describe('what an operator may mean otherwise', () => {
  test('~ is the home folder in the names of folders and files, and nowhere else', () => {
    const config = load(toml('data_dir = "~/sv2"\nname = "~/x"'))
    expect(config).toMatchObject({ data_dir: join(homedir(), 'sv2'), name: '~/x' })
    expect(load(undefined, { APP__DATA_DIR: '~' }).data_dir).toBe(homedir())
    expect(load(toml('data_dir = "~sv2"')).data_dir).toBe('~sv2')
  })

  test('a bound that is excluded is said so', () => {
    expect(problems(toml('difficulty = 0'))).toEqual(['difficulty = 0: must be more than 0'])
    expect(problems(toml('difficulty = 9'))).toEqual(['difficulty = 9: must be less than 9'])
    expect(problems(toml('level = 0'))).toEqual(['level = 0: must be at least 1'])
  })

  test('one bracket too few is told with how it is written', () => {
    expect(problems(toml('[listen]\nport = 1'))).toEqual([
      expect.stringContaining('is a list, each of its tables in two brackets: [[listen]]'),
    ])
  })

  test.each(['name:3333', 'stratum2+tcp://name', '[::1]'])('the host %s is none', (host) => {
    expect(problems(toml(`[[listen]]\nhost = "${host}"`))).toEqual([
      expect.stringMatching(/^listen\.0\.host = .*: must be a name or an address alone/),
    ])
  })
})

describe('ports', () => {
  const doors = (...texts: readonly string[]) => toml(texts.map((text) => `[[listen]]\n${text}`).join('\n'))

  test('that two doors have, or a door and the metrics, are told with who has them', () => {
    expect(problems(doors('port = 4000', 'port = 4001', 'port = 4000'))).toEqual([
      'listen.2.port = 4000: listen.0 listens there already',
    ])
    expect(problems(doors('port = 9090\nhost = "0.0.0.0"'))).toEqual([
      expect.stringMatching(
        /^(listen\.0|monitoring)\.port = 9090: (listen\.0|monitoring) listens there already$/,
      ),
    ])
  })

  test('on other addresses, and those that the system chooses, are no trouble', () => {
    expect(problems(doors('port = 4000\nhost = "127.0.0.1"', 'port = 4000\nhost = "127.0.0.2"'))).toEqual([])
    expect(problems(doors('port = 0', 'port = 0'))).toEqual([])
  })

  test('are told together with everything else that is wrong', () => {
    expect(problems(toml('level = 0\n[[listen]]\nport = 4000\n[[listen]]\nport = 4000'))).toHaveLength(2)
  })
})
