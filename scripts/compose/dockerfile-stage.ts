import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

const file = resolve(import.meta.dirname, '../../Dockerfile')

/** What a target of the Dockerfile says about ports and health. */
export interface DockerfileStage {
  readonly exposed: readonly number[]
  /** The HEALTHCHECK line, undefined without one. */
  readonly healthcheck: string | undefined
}

/** Reads a target of the Dockerfile; undefined when it has none of this name. */
export function readStage(target: string): DockerfileStage | undefined {
  const stages = readFileSync(file, 'utf8')
    .replaceAll('\\\n', ' ')
    .split(/^FROM /m)
  const lines = stages.find((stage) => stage.split('\n', 1)[0]?.endsWith(` AS ${target}`))?.split('\n')
  if (lines === undefined) return undefined
  const exposed = lines
    .filter((line) => line.startsWith('EXPOSE '))
    .flatMap((line) => line.split(' ').slice(1))
  return { exposed: exposed.map(Number), healthcheck: lines.find((line) => line.startsWith('HEALTHCHECK')) }
}
