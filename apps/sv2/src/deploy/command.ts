import { existsSync, statSync, writeFileSync } from 'node:fs'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { type PoolConfig, pool } from '@sv2/pool'
import { Argument, Command } from 'commander'
import { pagesUrl } from '../running-pool.ts'
import type { Terminal } from '../terminal.ts'
import { UP_FILE } from '../up.ts'
import { loadUp, poolTree } from '../up-config.ts'
import { composeFile } from './compose-file.ts'
import { systemdUnit } from './systemd-unit.ts'

const WAYS = ['compose', 'systemd'] as const
type Way = (typeof WAYS)[number]

const FILES: Readonly<Record<Way, string>> = { compose: 'docker-compose.yml', systemd: 'sv2.service' }

/** `sv2 deploy`: files by which other programs run `sv2 up`, made of the same TOML file. */
export function deployCommand(terminal: Terminal): Command {
  return new Command('deploy')
    .description('writes a file by which Docker or systemd runs `sv2 up` on your TOML file')
    .addArgument(new Argument('<way>').choices(WAYS))
    .option('-c, --config <file>', 'the TOML file', UP_FILE)
    .option(
      '--out <file>',
      `file to write; ${FILES.compose} or ${FILES.systemd} beside the TOML file when missing`,
    )
    .option('--force', 'overwrite the file')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  sv2 deploy systemd && sudo cp sv2.service /etc/systemd/system/\n  sv2 deploy compose && docker compose up -d',
    )
    .action((way: Way, options: Options) => {
      const written = deploy(way, options, terminal)
      terminal.print(options.json === true ? `${JSON.stringify({ written })}\n` : `written: ${written}\n`)
    })
}

interface Options {
  readonly config: string
  readonly out?: string
  readonly force?: true
  readonly json?: true
}

/** Writes the file, and answers its path. @throws {Error} when it is there already, or a path of the TOML file is not absolute */
function deploy(way: Way, { config: file, out, force }: Options, terminal: Terminal): string {
  const config = resolve(terminal.program.folder, file)
  const folder = dirname(config)
  const target = out === undefined ? join(folder, FILES[way]) : resolve(terminal.program.folder, out)
  if (existsSync(target) && force !== true)
    throw new Error(`${target} is there already: --force overwrites it`)
  const { tree, file: settings } = loadUp({ file: config, env: terminal.env, prefix: 'SV2_UP' }, 'info')
  writeFileSync(
    target,
    way === 'systemd' ? systemdUnit({ ...terminal.program, folder, config }) : container(),
  )
  return target

  function container(): string {
    const relative = settings.nodes.flatMap(({ cookie_file: path }) =>
      path === undefined || isAbsolute(path) ? [] : [path],
    )
    if (relative.length > 0)
      throw new Error(`nodes: cookie_file = ${relative.join(', ')}: has to be an absolute path`)
    const { uid, gid } = statSync(folder)
    const { monitoring }: PoolConfig = pool.schema.parse(poolTree(tree))
    const pages = pagesUrl(monitoring)
    return composeFile({ folder, config, nodes: settings.nodes, owner: `${uid}:${gid}`, pages })
  }
}
