import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type RegtestNode, startRegtestNode } from '@sv2/regtest-node'
import { transformSync } from 'esbuild'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { runExamples } from './examples.ts'
import { AppProcess, runCommand } from './process.ts'
import { V1Client } from './v1-client.ts'

const ROOT = resolve(import.meta.dirname, '..')
const ADDRESS = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080'
const ANY_PORTS = {
  SV2_UP__TEMPLATE_PROVIDER__MONITORING__PORT: '0',
  SV2_UP__TRANSLATOR_PROXY__MONITORING__PORT: '0',
}

let folder = ''
let node: RegtestNode
const running: AppProcess[] = []

/** The tarballs of all packages, installed into an empty folder; a home with a node in its usual place. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sv2-installed-'))
  const tarballs = join(folder, 'tarballs')
  const tsx = join(ROOT, 'node_modules/tsx/dist/cli.mjs')
  execFileSync(process.execPath, [tsx, join(ROOT, 'scripts/pack.ts'), tarballs], { stdio: 'ignore' })
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  const files = readdirSync(tarballs).map((file) => join(tarballs, file))
  execFileSync('npm', ['install', '--no-audit', '--no-fund', ...files], { cwd: folder, stdio: 'ignore' })
  for (const example of readdirSync(join(ROOT, 'examples')).filter((file) => file.endsWith('.ts'))) {
    const { code } = transformSync(readFileSync(join(ROOT, 'examples', example), 'utf8'), { loader: 'ts' })
    writeFileSync(join(folder, example.replace('.ts', '.js')), code)
  }
  mkdirSync(join(folder, '.bitcoin/regtest'), { recursive: true })
  const cookieFile = join(folder, '.bitcoin/regtest/.cookie')
  node = await startRegtestNode({ difficulty: 2e-6, cookieFile, initialBlocks: 5, longPollDelayMs: 0 })
  writeFileSync(join(folder, '.bitcoin/bitcoin.conf'), `[regtest]\nrpcport=${node.port}\n`)
}, 300_000)
afterEach(async () => {
  await Promise.all(running.splice(0).map((each) => each.kill('SIGTERM')))
})
afterAll(async () => {
  await node.stop()
  rmSync(folder, { recursive: true })
})

/** The versions of Node that the packages are for; others than the one of this process come from the npm registry. */
const VERSIONS = ['this', '20', '22', '24'] as const

/** A binary of Node; undefined where the registry serves none for this machine. */
function nodeBinary(version: (typeof VERSIONS)[number]): string | undefined {
  if (version === 'this') return process.execPath
  const place = join(folder, `node-${version}`)
  const binary = join(place, `node_modules/node-${process.platform}-${process.arch}/bin/node`)
  if (existsSync(binary)) return binary
  mkdirSync(place, { recursive: true })
  const name = `node-${process.platform}-${process.arch}@${version}`
  try {
    execFileSync('npm', ['install', '--prefix', place, '--no-audit', '--no-fund', name], { stdio: 'ignore' })
  } catch {
    return undefined
  }
  return existsSync(binary) ? binary : undefined
}

test('every package says what it is, and brings types, a licence and no sources', () => {
  const installed = readdirSync(join(folder, 'node_modules/@sv2'))
  expect(installed).toEqual(
    expect.arrayContaining(['codec', 'noise', 'messages', 'bitcoin', 'sv1', 'roles', 'runtime', 'sv2']),
  )
  for (const name of installed) {
    const place = join(folder, 'node_modules/@sv2', name)
    const manifest = JSON.parse(readFileSync(join(place, 'package.json'), 'utf8')) as {
      exports?: Record<string, { types?: string; default?: string } | string>
    }
    expect(manifest).toMatchObject({
      license: 'MIT',
      description: expect.any(String),
      engines: { node: '>=20.19' },
    })
    expect(JSON.stringify(manifest)).not.toMatch(/workspace:|catalog:|@sv2\/source/)
    expect(readdirSync(place)).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'dist']))
    for (const target of Object.values(manifest.exports ?? {})) {
      if (typeof target === 'string') continue
      expect(existsSync(join(place, target.types ?? 'no types'))).toBe(true)
      expect(existsSync(join(place, target.default ?? 'no code'))).toBe(true)
    }
  }
})

describe.each(VERSIONS)('Node %s', (version) => {
  test('sv2 init and sv2 up from the tarballs, and the first share of a V1 miner', async (context) => {
    const binary = nodeBinary(version)
    if (binary === undefined) return context.skip(`the registry serves no Node ${version} for this machine`)
    const command = [binary, join(folder, 'node_modules/@sv2/sv2/dist/main.js')] as const
    const cwd = mkdtempSync(join(folder, 'fresh-'))
    const program = { app: 'sv2', command, cwd, env: { HOME: folder, ...ANY_PORTS } } as const
    const ports = ['--port', '0', '--negotiator-port', '0', '--dashboard-port', '0']
    const init = await runCommand(program, 'init', '--yes', '--address', ADDRESS, ...ports)
    expect(init).toMatchObject({ code: 0 })
    const up = new AppProcess({ ...program, subcommand: 'up' }, undefined)
    running.push(up)
    const { port } = await up.logged('listening for Stratum V1')
    const { dashboard } = await up.logged('miners may connect')
    expect(await (await fetch(String(dashboard))).text()).toContain('<script')
    const miner = new V1Client(Number(port), `${ADDRESS}.bitaxe`)
    await miner.login()
    miner.start()
    await miner.until(() => miner.accepted.size > 0)
    miner.stop()

    const printed = await runExamples({
      node: (example) => [binary, join(folder, `${example}.js`)],
      cwd: mkdtempSync(join(folder, 'fresh-')),
      rpc: { url: node.url, cookieFile: join(folder, '.bitcoin/regtest/.cookie') },
      address: ADDRESS,
      v1Port: Number(port),
    })
    expect(Object.keys(printed)).toHaveLength(5)
  })
})

test('npx sv2 finds the program', () => {
  const text = execFileSync('npx', ['--no-install', 'sv2', '--help'], { cwd: folder, encoding: 'utf8' })
  expect(text).toContain('sv2 init && sv2 up')
})
