import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import type { Terminal } from '../terminal.ts'
import { deployCommand } from './command.ts'

let folder = ''
let printed = ''
const terminal = (): Terminal => ({
  print: (text) => {
    printed += text
  },
  isInteractive: false,
  home: folder,
  platform: 'linux',
  env: {},
  ask: () => Promise.resolve(''),
  exit: () => undefined,
  program: { node: '/usr/bin/node', nodeVersion: '22.0.0', file: '/opt/sv2/main.js', folder, user: 'me' },
})

function deploy(...words: readonly string[]): Promise<unknown> {
  return deployCommand(terminal()).parseAsync(words, { from: 'user' })
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sv2-deploy-'))
  const nodes = '[[nodes]]\ncookie_file = "/home/me/.bitcoin/.cookie"\n'
  writeFileSync(join(folder, 'sv2.toml'), `${nodes}[pool.monitoring]\nport = 9999\n`)
})
afterAll(() => rmSync(folder, { recursive: true }))

test('compose: one service on the network of the host, shut in, with folder and cookie at their own paths', async () => {
  await deploy('compose', '--json')
  const written = join(folder, 'docker-compose.yml')
  expect(JSON.parse(printed)).toEqual({ written })
  expect(parse(readFileSync(written, 'utf8'))).toMatchObject({
    services: {
      sv2: {
        command: ['up', '--config', join(folder, 'sv2.toml')],
        network_mode: 'host',
        volumes: [`${folder}:${folder}`, '/home/me/.bitcoin:/home/me/.bitcoin:ro'],
        read_only: true,
        cap_drop: ['ALL'],
        healthcheck: { test: expect.arrayContaining(['status', 'http://127.0.0.1:9999']) },
      },
    },
  })
})

test('systemd: a unit that starts this very program on the file, and again when it fails', async () => {
  await deploy('systemd')
  const lines = readFileSync(join(folder, 'sv2.service'), 'utf8').split('\n')
  expect(lines).toContain(
    `ExecStart="/usr/bin/node" --disable-sigusr1 "/opt/sv2/main.js" up --config "${join(folder, 'sv2.toml')}"`,
  )
  expect(lines).toEqual(
    expect.arrayContaining([
      'User=me',
      'Restart=on-failure',
      'RestartPreventExitStatus=64',
      'NoNewPrivileges=yes',
    ]),
  )
})

test('a file that is there is not overwritten, and a wrong configuration is not deployed', async () => {
  await deploy('systemd', '--force')
  await expect(deploy('systemd')).rejects.toThrow('--force')
  writeFileSync(join(folder, 'wrong.toml'), 'mode = "pool"\n')
  await expect(deploy('compose', '--config', 'wrong.toml', '--out', 'other.yml')).rejects.toThrow('address')
})
