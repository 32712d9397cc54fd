import type { Command } from 'commander'

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

/** The words that may follow a command: its commands and options. */
interface Words {
  /** Names of the commands up to here, without the program's own. */
  readonly path: readonly string[]
  readonly words: readonly string[]
}

/** A script that completes the command line of a program in a shell. */
export function completion(program: Command, shell: Shell): string {
  const all = [...wordsOf(program, [])]
  switch (shell) {
    case 'bash':
      return bash(all)
    case 'zsh':
      return `#compdef sv2\nautoload -U bashcompinit && bashcompinit\n${bash(all)}`
    case 'fish':
      return all.map(fish).join('')
  }
}

function* wordsOf(command: Command, path: readonly string[]): Iterable<Words> {
  const names = command.commands.map((each) => each.name())
  const options = command.options.flatMap(({ long }) => long ?? [])
  yield { path, words: [...names, ...options, '--help'] }
  for (const inner of command.commands) yield* wordsOf(inner, [...path, inner.name()])
}

function bash(all: readonly Words[]): string {
  const cases = all.map(({ path, words }) => `    "${path.join(' ')}") words="${words.join(' ')}" ;;`)
  return `_sv2() {
  local word path="" words=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) break ;; *) path="\${path:+$path }$word" ;; esac
  done
  case "$path" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
  [ "\${#COMPREPLY[@]}" -gt 0 ] || COMPREPLY=($(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _sv2 sv2
`
}

function fish({ path, words }: Words): string {
  const seen = path.map((name) => `__fish_seen_subcommand_from ${name}`).join('; and ')
  const condition = seen === '' ? '__fish_use_subcommand' : seen
  return `complete -c sv2 -n '${condition}' -a '${words.join(' ')}'\n`
}
