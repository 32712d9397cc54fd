import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root, run } from './process.mjs'

/** Starts every built app with plain Node; answers 0 when each tells its version and prints its default settings. */
export async function smokeTest() {
  let failures = 0
  for (const { name, file, options } of builtApps()) {
    for (const option of options) {
      const output = []
      const code = await run(process.execPath, [file, option], { onOutput: (chunk) => output.push(chunk) })
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
    const configured = existsSync(join(root, 'apps', folder, 'src/config.ts'))
    return Object.entries(bin).map(([name, path]) => ({
      name,
      file: join(root, 'apps', folder, path),
      options: configured ? ['--version', '--print-default'] : ['--version'],
    }))
  })
}
