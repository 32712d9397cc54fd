import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root, run } from './process.mjs'

/** Starts every built app with plain Node; answers 0 when each tells its version and prints its default settings. */
export async function smokeTest() {
  let failures = 0
  for (const { name, file, options } of builtApps()) {
    for (const option of options) {
      const output = []
      const code = await run(process.execPath, [file, ...option.split(' ')], {
        onOutput: (chunk) => output.push(chunk),
      })
      const text = Buffer.concat(output).toString()
      const works = code === 0 && text.trim() !== ''
      process.stderr.write(`${works ? 'ok    ' : 'FAILED'} ${name} ${option}\n${works ? '' : text}`)
      if (!works) failures += 1
    }
  }
  return failures === 0 ? 0 : 1
}

function builtApps() {
  const folders = readdirSync(join(root, 'apps')).filter((name) =>
    existsSync(join(root, 'apps', name, 'package.json')),
  )
  return folders.flatMap((folder) => {
    const { bin = {} } = JSON.parse(readFileSync(join(root, 'apps', folder, 'package.json'), 'utf8'))
    const source = join(root, 'apps', folder, 'src')
    const subcommands = readdirSync(source).filter((name) => existsSync(join(source, name, 'app.ts')))
    const printed = existsSync(join(source, 'config.ts'))
      ? ['--print-default']
      : subcommands.map((name) => `${name} --print-default`)
    return Object.entries(bin).map(([name, path]) => ({
      name,
      file: join(root, 'apps', folder, path),
      options: ['--version', ...printed],
    }))
  })
}
