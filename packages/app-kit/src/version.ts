import { createRequire } from 'node:module'

/** The version of the stack, of all its apps and packages: that of this package's manifest. */
export const VERSION: string = createRequire(import.meta.url)('@sv2/app-kit/package.json').version
