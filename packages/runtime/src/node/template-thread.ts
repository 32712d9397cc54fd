import { parentPort, workerData } from 'node:worker_threads'
import { UnminableTemplate } from './block-template.ts'
import { NodeRpcError, type NodeRpcSettings, nodeRpc } from './node-rpc.ts'
import { buffersOf, type PackedTemplate, TemplatePacker } from './packed-template.ts'
import { OddAnswer } from './read-answer.ts'
import { templatesHere } from './template-source.ts'

/** Asks for a template. */
export interface ToTemplates {
  readonly id: number
  readonly rules: readonly string[]
}

/** What it became of. Errors lose their class on the way. */
export type FromTemplates =
  | { readonly id: number; readonly packed: PackedTemplate }
  | {
      readonly id: number
      readonly failed: {
        readonly kind: 'rpc' | 'odd' | 'unminable' | 'defect'
        readonly message: string
        readonly code?: number | undefined
      }
    }

const port = parentPort!
const templates = templatesHere(nodeRpc(workerData as NodeRpcSettings))
const packer = new TemplatePacker()

port.on('message', ({ id, rules }: ToTemplates) => {
  templates.read(rules).then(
    (template) => {
      const packed = packer.pack(template)
      port.postMessage({ id, packed } satisfies FromTemplates, buffersOf(packed))
    },
    (error: unknown) => port.postMessage({ id, failed: failureOf(error) } satisfies FromTemplates),
  )
})

function failureOf(error: unknown): Extract<FromTemplates, { failed: unknown }>['failed'] {
  const message = error instanceof Error ? error.message : String(error)
  if (error instanceof NodeRpcError) return { kind: 'rpc', message, code: error.code }
  if (error instanceof OddAnswer) return { kind: 'odd', message }
  return { kind: error instanceof UnminableTemplate ? 'unminable' : 'defect', message }
}
