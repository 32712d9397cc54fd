import { execFileSync } from 'node:child_process'
import { Command } from 'commander'
import { expect, test } from 'vitest'
import { completion } from './completion.ts'

function program(): Command {
  const sv2 = new Command('sv2').option('--loud')
  sv2.command('up').option('--config <file>')
  sv2.command('keys').command('show').option('--host <name>')
  return sv2
}

/** What bash offers after these words. */
function offered(...words: readonly string[]): readonly string[] {
  const script = `${completion(program(), 'bash')}
COMP_WORDS=(sv2 ${words.map((word) => `'${word}'`).join(' ')})
COMP_CWORD=${words.length}
_sv2
printf '%s\\n' "\${COMPREPLY[@]}"`
  return execFileSync('bash', ['-c', script], { encoding: 'utf8' }).trim().split('\n')
}

const hasBash = (() => {
  try {
    execFileSync('bash', ['-c', 'true'])
    return true
  } catch {
    return false
  }
})()

test.skipIf(!hasBash)(
  'bash offers the commands and options that fit (skipped where there is no bash)',
  () => {
    expect(offered('')).toEqual(['up', 'keys', '--loud', '--help'])
    expect(offered('u')).toEqual(['up'])
    expect(offered('up', '--c')).toEqual(['--config'])
    expect(offered('keys', '')).toEqual(['show', '--help'])
    expect(offered('keys', 'show', '--h')).toEqual(['--host', '--help'])
  },
)

test('fish is told the words of each command', () => {
  expect(completion(program(), 'fish').split('\n')).toContain(
    "complete -c sv2 -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from show' -a '--host --help'",
  )
})
