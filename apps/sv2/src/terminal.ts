/** Where a command prints, and what it knows of the machine. */
export interface Terminal {
  /** Prints text as it is. */
  print(text: string): void
  /** A person may be reading: lines may be rewritten, and questions asked. */
  readonly isInteractive: boolean
  readonly home: string
  readonly platform: NodeJS.Platform
  readonly env: Readonly<Record<string, string | undefined>>
  /** Asks the person; answers what was typed, trimmed. */
  ask(question: string): Promise<string>
  /** The exit code of the process when it ends. */
  exit(code: number): void
  /** How this program was started, for units that start it again. */
  readonly program: {
    readonly node: string
    readonly nodeVersion: string
    readonly file: string
    readonly folder: string
    readonly user: string
  }
}
