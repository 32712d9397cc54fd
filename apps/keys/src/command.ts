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
    .action(async (file: string, { edition }: { edition: EditionName }) => {
      const { publicKey } = await makeKeyFile(file, edition, systemNoise)
      print(encodeAuthorityKey({ edition, key: publicKey }))
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
    .action(
      async (
        folders: readonly string[],
        options: { public: string; token?: string; edition: EditionName },
      ) => {
        for (const { name, key, made } of await ensureKeys(folders, options))
          print(`${name} ${key}${made ? ' (made now)' : ''}`)
      },
    )
  command
    .command('token-key')
    .description('make the key that a job negotiator server and its pool share (mode 0600)')
    .argument('<file>', 'file to write; must not exist')
    .action(async (file: string) => {
      await makeTokenKeyFile(file)
      print(file)
    })
  command
    .command('show')
    .description('print the public key of a secret key file, and the URL for miners with --host and --port')
    .argument('<file>', 'file with the secret, base58check')
    .addOption(editionOption())
    .option('--host <name>', 'name or address that miners reach the server by')
    .option('--port <n>', 'port of the server')
    .action(
      (file: string, { edition, host, port }: { edition: EditionName; host?: string; port?: string }) => {
        const authorityKey = certificatesOf(edition, systemNoise.backend).authorityKey(readKeyFile(file))
        print(encodeAuthorityKey({ edition, key: authorityKey }))
        if (host !== undefined) {
          print(
            formatPoolUrl({
              host,
              port: port === undefined ? undefined : Number(port),
              authorityKey,
              edition,
            }),
          )
        }
      },
    )
  command
    .command('read')
    .description('say what a public key or a stratum2+tcp URL holds')
    .argument('<text>', 'authority key or URL')
    .action((text: string) => {
      const url = text.includes('://') ? parsePoolUrl(text) : undefined
      const { edition, key } =
        url === undefined ? decodeAuthorityKey(text) : { edition: url.edition, key: url.authorityKey }
      print(`edition ${edition}`)
      print(`key     ${hex(key)}`)
      if (url !== undefined) print(`server  ${url.host}:${url.port ?? '(no port)'}`)
    })
  return command
}

function editionOption(): Option {
  return new Option('--edition <name>', 'wire edition of the server')
    .choices(['current', 'draft'])
    .default('current')
}
