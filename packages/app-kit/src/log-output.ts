import { createInterface } from 'node:readline'
import { type Readable, Writable } from 'node:stream'

/** Bytes that may wait for a reader that stands still; more lines are dropped. */
const MOST_WAITING_BYTES = 4 * 1024 * 1024

/** A stream that lines go to, and never an error: lines that cannot be written are dropped and counted. */
export interface LogOutput {
  readonly stream: Writable
  /** Called when there is room again, with how many lines were dropped before; by default it is not told. */
  onRoom: (dropped: number) => void
}

/** One for each stream, however many loggers write to it: each adds its own listener to the stream. */
const outputs = new WeakMap<NodeJS.WritableStream, LogOutput>()

/**
 * The output for a stream: a reader that is gone, one that stands still, or a full disk costs lines and nothing else.
 */
export function logOutput(out: NodeJS.WritableStream): LogOutput {
  const known = outputs.get(out)
  if (known !== undefined) return known
  let dropped = 0
  const written = (error: Error | null | undefined): void => {
    if (error instanceof Error) dropped++
    else if (dropped > 0) {
      const lines = dropped
      dropped = 0
      output.onRoom(lines)
    }
  }
  out.on('error', () => {
    // Told to each write as well, and counted there.
  })
  const stream = new Writable({
    decodeStrings: false,
    write(line: string | Uint8Array, _, done) {
      if ('writableLength' in out && (out.writableLength as number) > MOST_WAITING_BYTES) dropped++
      else out.write(line, written)
      done()
    },
  })
  const output: LogOutput = { stream, onRoom: () => undefined }
  outputs.set(out, output)
  return output
}

/** Passes on what another process logs, whole lines at a time: lines of two processes in one pipe would tear each other. */
export function passOnLines(from: Readable, out: NodeJS.WritableStream = process.stdout): void {
  const { stream } = logOutput(out)
  createInterface({ input: from, crlfDelay: Number.POSITIVE_INFINITY }).on('line', (line) =>
    stream.write(`${line}\n`),
  )
}
