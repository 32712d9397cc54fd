import { spawn } from 'node:child_process'

/** What the examples need of the stack beside them. */
export interface ExampleSurroundings {
  /** How Node runs the example of a name: the words in front of its own. */
  readonly node: (example: string) => readonly [program: string, ...words: string[]]
  readonly cwd: string
  /** A regtest node. */
  readonly rpc: { readonly url: string; readonly cookieFile: string }
  readonly address: string
  /** Where Stratum V1 is spoken. */
  readonly v1Port: number
}

/** Runs every program of `examples`. Answers what each of them printed until it had shown what it is for. */
export async function runExamples(around: ExampleSurroundings): Promise<Readonly<Record<string, string>>> {
  const { rpc, address, v1Port } = around
  const pool = running(around, 'pool', [rpc.url, rpc.cookieFile, address])
  try {
    const url = (await pool.printed(/^stratum2\+tcp:\S+$/m)).trim()
    return {
      pool: url,
      client: await once(around, 'client', [url], /OpenExtendedMiningChannel\.Success/),
      'decode-frame': await once(around, 'decode-frame', [], /\}/),
      'work-source': await once(around, 'work-source', [], /SetNewPrevHash/),
      'v1-miner': await once(
        around,
        'v1-miner',
        ['127.0.0.1', String(v1Port), `${address}.cpu`],
        /accepted \S+/,
      ),
    }
  } finally {
    await pool.end()
  }
}

async function once(
  around: ExampleSurroundings,
  example: string,
  words: readonly string[],
  enough: RegExp,
): Promise<string> {
  const process = running(around, example, words)
  try {
    return await process.printed(enough)
  } finally {
    await process.end()
  }
}

function running({ node, cwd }: ExampleSurroundings, example: string, words: readonly string[]) {
  const [program, ...before] = node(example)
  const child = spawn(program, [...before, ...words], { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  let errors = ''
  let ended: number | string | undefined
  let wake: () => void = () => undefined
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
    wake()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString()
  })
  const gone = new Promise<void>((resolve) => {
    child.once('close', (code, signal) => {
      ended = code ?? signal ?? 'gone'
      wake()
      resolve()
    })
  })
  return {
    /** All it printed, as soon as that fits. */
    async printed(enough: RegExp): Promise<string> {
      while (!enough.test(output)) {
        if (ended !== undefined) throw new Error(`${example} ended with ${ended}: ${output}${errors}`)
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      return output
    },
    async end(): Promise<void> {
      child.kill('SIGTERM')
      await gone
    },
  }
}
