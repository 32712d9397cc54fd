import { readFile } from 'node:fs/promises'
import { join, sep } from 'node:path'

const OWN_REQUIRE = 'createRequire(import.meta.url)'

/** A module of a package of ours looks for other packages where its package has them, wherever the bundle is. */
export const requiresOfPackages = {
  name: 'requires of packages',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]packages[\\/][^\\/]+[\\/]src[\\/].*\.ts$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8')
      if (!text.includes(OWN_REQUIRE)) return undefined
      const [folder] = path.split(`${sep}packages${sep}`)[1].split(sep)
      const manifest = JSON.stringify(`@sv2/${folder}/package.json`)
      return {
        contents: text.replaceAll(OWN_REQUIRE, `createRequire(${OWN_REQUIRE}.resolve(${manifest}))`),
        loader: 'ts',
      }
    })
  },
}

/** zod brings its messages in fifty languages; the apps speak English. */
export const englishAlone = {
  name: 'English alone',
  setup({ onResolve }) {
    onResolve({ filter: /\/locales\/index\.js$/ }, ({ resolveDir, path }) =>
      resolveDir.includes(`${sep}zod${sep}`)
        ? { path: join(resolveDir, path.replace('index.js', 'en.js')) }
        : undefined,
    )
  },
}
