import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { unhex } from './_fixtures.ts'
import type { Sv1ToServer } from './index.ts'

/** One session: the name of the dialect it belongs to, and its lines with what they mean. */
export interface FirmwareSession {
  readonly firmware: string
  readonly dialect: string
  readonly lines: readonly (readonly [line: string, message: Sv1ToServer])[]
}

interface Vectors {
  readonly sessions: readonly {
    readonly firmware: string
    readonly dialect: string
    readonly lines: readonly { readonly line: string; readonly message: object }[]
  }[]
}

const path = join(import.meta.dirname, '../../../vectors/sv1-firmware.json')

/** What each firmware of the field sends at the start of a session and with a share. */
export const FIRMWARE_SESSIONS: readonly FirmwareSession[] = read().sessions.map(
  ({ firmware, dialect, lines }) => ({
    firmware,
    dialect,
    lines: lines.map(({ line, message }) => [line, message as Sv1ToServer] as const),
  }),
)

function read(): Vectors {
  return JSON.parse(readFileSync(path, 'utf8'), (_, value: unknown) =>
    typeof value === 'string' && value.startsWith('0x') ? unhex(value.slice(2)) : value,
  ) as Vectors
}
