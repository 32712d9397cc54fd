import { CapnpError } from './capnp-read.ts'
import { LinkError } from './rpc-link.ts'

/** The first Core that has all that is used of its interfaces. */
const SINCE = 'Bitcoin Core 32'

/** What the operator has to do about a node that cannot be used through its socket. */
export function ipcProblem(path: string, error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error)
  if (error instanceof CapnpError) return `node ${path} sends what its interface does not allow: ${reason}`
  if (!(error instanceof LinkError)) return reason
  if (error.kind === 'unimplemented' || /not supported/.test(reason))
    return (
      `node ${path} has another mining interface than this version needs (${reason}): ` +
      `run ${SINCE} or newer, or give the node by its RPC (url = "http://…") instead of ipc`
    )
  if (/ENOENT|ECONNREFUSED/.test(reason))
    return `node ${path} cannot be reached: ${reason} (start it as bitcoin-node -ipcbind=unix, which makes this socket)`
  if (/EACCES|EPERM/.test(reason))
    return `node ${path} cannot be reached: ${reason} (run as the user of the node, who alone may open its socket)`
  return `node ${path} cannot be reached: ${reason}`
}
