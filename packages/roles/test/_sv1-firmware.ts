import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** One session, line by line. */
export interface FirmwareLines {
  readonly firmware: string
  readonly lines: readonly string[]
}

interface Vectors {
  readonly sessions: readonly {
    readonly firmware: string
    readonly lines: readonly { readonly line: string }[]
  }[]
}

const path = join(import.meta.dirname, '../../../vectors/sv1-firmware.json')

/** What each firmware of the field sends at the start of a session and with a share. */
export const FIRMWARE_LINES: readonly FirmwareLines[] = (
  JSON.parse(readFileSync(path, 'utf8')) as Vectors
).sessions.map(({ firmware, lines }) => ({ firmware, lines: lines.map(({ line }) => line) }))
