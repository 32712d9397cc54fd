import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

const row = /^\| ([A-Z]{2,4}-\d{2})(?: \((current|draft)\))? \| (.+) \|$/gm

/**
 * Why some requirements cannot be shown by a test, by id, or by id and edition: the table of that name in
 * docs/conformance.md.
 */
export function readUntestable(
  file: string = resolve(import.meta.dirname, '../../docs/conformance.md'),
): ReadonlyMap<string, string> {
  const [, section = ''] = readFileSync(file, 'utf8').split('## Cannot be shown by a test')
  const rows = (section.split('\n## ')[0] ?? '').matchAll(row)
  return new Map(
    [...rows].map(([, id = '', edition, why = '']) => [
      edition === undefined ? id : `${id} (${edition})`,
      why,
    ]),
  )
}
