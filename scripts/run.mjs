#!/usr/bin/env node
// The entry of every root npm script. Plain Node without dependencies: it runs before anything is installed,
// installs what is missing, and hands over. Its own words go to standard error, so that what a command prints
// (`conformance -- --json`) stays clean.

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(
    `sv2 needs Node 20.19 or newer; this is ${process.versions.node}. See https://nodejs.org\n`,
  )
  process.exit(1)
}

const { commands } = await import('./run/commands.mjs')
const { install } = await import('./run/install.mjs')

const [name = '', ...rest] = process.argv.slice(2)
const command = commands[name]
if (command === undefined) {
  process.stderr.write(`usage: npm run <${Object.keys(commands).join(' | ')}> [-- options]\n`)
  process.exit(64)
}

process.env.TURBO_TELEMETRY_DISABLED = '1'
process.env.DO_NOT_TRACK = '1'
process.exitCode = (await install()) ? await command(rest) : 1
