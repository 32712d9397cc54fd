import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

const SCRIPT = resolve(import.meta.dirname, '../docker/bitcoind/traffic.sh')

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sv2-traffic-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** A bitcoin-cli of a node that is away at first, and then has no wallet loaded. */
const CLI = `#!/bin/sh
echo "$@" >> "$FOLDER/calls"
[ "$(wc -l < "$FOLDER/calls")" -gt 3 ] || exit 1
case "$*" in
  *listwallets*) [ -e "$FOLDER/loaded" ] && echo '["demo"]' || echo '[]' ;;
  *loadwallet*) touch "$FOLDER/loaded" ;;
  *) [ -e "$FOLDER/loaded" ] || exit 18 ;;
esac
`

test('payments go on after the node was started again, and has loaded no wallet', async () => {
  const cli = join(folder, 'bitcoin-cli')
  writeFileSync(cli, CLI)
  chmodSync(cli, 0o755)
  const sent = join(folder, 'sent')
  const child = spawn('sh', [SCRIPT], {
    env: {
      PATH: `${folder}:${process.env.PATH}`,
      FOLDER: folder,
      TRAFFIC_SECONDS: '0.01',
      TRAFFIC_SENT: sent,
    },
    stdio: 'ignore',
  })
  try {
    await vi.waitFor(() => expect(existsSync(sent)).toBe(true), { timeout: 15_000 })
    expect(readFileSync(join(folder, 'calls'), 'utf8')).toContain('loadwallet demo')
    expect(child.exitCode).toBeNull()
  } finally {
    child.kill('SIGKILL')
    await once(child, 'close')
  }
})
