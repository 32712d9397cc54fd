import { parentPort, workerData } from 'node:worker_threads'
import type { FromAudit, ToAudit } from './audit-client.ts'
import { AuditFiles } from './audit-files.ts'

const { folder } = workerData as { readonly folder: string }
const port = parentPort!
const tell = (message: FromAudit): void => port.postMessage(message)
const files = new AuditFiles(folder)
let isComputing = false

/** A segment at a time, so that questions are answered in between. */
function compute(): void {
  try {
    if (files.roots.computeNext()) return void setImmediate(compute)
  } catch (error) {
    tell({ kind: 'damaged', reason: (error as Error).message })
  }
  isComputing = false
}

function computeAll(): void {
  if (isComputing) return
  isComputing = true
  setImmediate(compute)
}

port.on('message', (message: ToAudit) => {
  if (message.kind === 'closed') return computeAll()
  const { id, question } = message
  try {
    tell({ kind: 'answer', id, answer: files.answer(question) })
  } catch (error) {
    tell({ kind: 'refused', id, reason: (error as Error).message })
  }
})
computeAll()
