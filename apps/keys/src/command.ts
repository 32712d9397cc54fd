import { makeKeyFile, makeTokenKeyFile, readKeyFile, VERSION } from '@sv2/app-kit'
import { hex } from '@sv2/bitcoin'
import {
  certificatesOf,
  decodeAuthorityKey,
  encodeAuthorityKey,
  formatPoolUrl,
  parsePoolUrl,
} from '@sv2/noise'
import { type EditionName, systemNoise } from '@sv2/runtime'
import { Command, Option } from 'commander'
import { ensureKeys } from './ensure.ts'

/** The command line of `sv2-keys`: make an authority key or a token key, print the public part of one, read what others print. */
export function keysCommand(print: (line: string) => void): Command {
  const command = new Command('sv2-keys').description('Makes and prints the keys of servers').version(VERSION)
  command
    .command('make')
    .description(
      'make a new authority key; the secret goes to a new file (mode 0600), the public key is printed',
    )
    .argument('<file>', 'file to write; must not exist')
    .addOption(editionOption())
    .addOption(jsonOption())
    .action(async (file: string, { edition, json }: { edition: EditionName } & Printed) => {
      const { publicKey } = await makeKeyFile(file, edition, systemNoise)
      const key = encodeAuthorityKey({ edition, key: publicKey })
      tell({ key }, [key], { json, print })
    })
  command
    .command('ensure')
    .description(
      'make the authority key of each server whose data folder has none, and write its public key for clients; for stacks whose parts have to know each other before they start',
    )
    .argument('<folders...>', 'data folders of servers; the last part of a path is the name of the server')
    .requiredOption('--public <folder>', 'where the public keys go, one file NAME.pub each')
    .option('--token <file>', 'also make a key of mining job tokens here, when missing')
    .addOption(editionOption())
    .addOption(jsonOption())
    .action(
      async (
        folders: readonly string[],
        options: { public: string; token?: string; edition: EditionName } & Printed,
      ) => {
        const keys = await ensureKeys(folders, options)
        const lines = keys.map(({ name, key, made }) => `${name} ${key}${made ? ' (made now)' : ''}`)
        tell(keys, lines, { json: options.json, print })
      },
    )
  command
    .command('token-key')
    .description('make the key that a job negotiator server and its pool share (mode 0600)')
    .argument('<file>', 'file to write; must not exist')
    .addOption(jsonOption())
    .action(async (file: string, { json }: Printed) => {
      await makeTokenKeyFile(file)
      tell({ file }, [file], { json, print })
    })
  command
    .command('show')
    .description('print the public key of a secret key file, and the URL for miners with --host and --port')
    .argument('<file>', 'file with the secret, base58check')
    .addOption(editionOption())
    .option('--host <name>', 'name or address that miners reach the server by')
    .option('--port <n>', 'port of the server')
    .addOption(jsonOption())
    .action((file: string, { edition, host, port, json }: ShowOptions) => {
      const authorityKey = certificatesOf(edition, systemNoise.backend).authorityKey(readKeyFile(file))
      const key = encodeAuthorityKey({ edition, key: authorityKey })
      const named = { host: host ?? '', port: port === undefined ? undefined : Number(port) }
      const url = host === undefined ? undefined : formatPoolUrl({ ...named, authorityKey, edition })
      tell({ key, url }, url === undefined ? [key] : [key, url], { json, print })
    })
  command
    .command('read')
    .description('say what a public key or a stratum2+tcp URL holds')
    .argument('<text>', 'authority key or URL')
    .addOption(jsonOption())
    .action((text: string, { json }: Printed) => {
      const url = text.includes('://') ? parsePoolUrl(text) : undefined
      const { edition, key } =
        url === undefined ? decodeAuthorityKey(text) : { edition: url.edition, key: url.authorityKey }
      const server = url && `${url.host}:${url.port ?? '(no port)'}`
      const lines = [`edition ${edition}`, `key     ${hex(key)}`, ...(server ? [`server  ${server}`] : [])]
      tell({ edition, key: hex(key), server }, lines, { json, print })
    })
  return command
}

interface Printed {
  readonly json?: true
}

interface ShowOptions extends Printed {
  readonly edition: EditionName
  readonly host?: string
  readonly port?: string
}

function tell(
  what: unknown,
  lines: readonly string[],
  { json, print }: { readonly json: true | undefined; readonly print: (line: string) => void },
): void {
  for (const line of json === true ? [JSON.stringify(what)] : lines) print(line)
}

function jsonOption(): Option {
  return new Option('--json', 'print JSON')
}

function editionOption(): Option {
  return new Option('--edition <name>', 'wire edition of the server')
    .choices(['current', 'draft'])
    .default('current')
}
