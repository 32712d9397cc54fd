import { nbitsToTarget, readHeightPush, WITNESS_RESERVED_VALUE } from '@sv2/bitcoin'
import type { NodeTemplate, Room } from '@sv2/roles/ground'
import { UnminableTemplate } from '../block-template.ts'
import type { BlockTransactions } from './block-transactions.ts'
import { CapnpError } from './capnp-read.ts'
import type { TemplateParts } from './core-node.ts'

/** Limits of consensus (BIP 141). */
const LIMITS = { weight: 4_000_000, sigops: 80_000 }

/**
 * A template as Core has made it.
 * @param room that it was made for
 * @throws {CapnpError} for one that is not what Core's interface promises
 * @throws {UnminableTemplate} for one whose coinbase this version cannot complete
 */
export function templateOfParts(
  { header, coinbase, merklePath, block }: TemplateParts,
  { room, transactions }: { readonly room: Room; readonly transactions: BlockTransactions },
): NodeTemplate {
  if (header.length !== 80 || merklePath.some((hash) => hash.length !== 32))
    throw new CapnpError('a template has hashes of a wrong length')
  const height = readHeightPush(coinbase.scriptPrefix)
  if (height === undefined) throw new CapnpError('the coinbase of a template does not begin with its height')
  const isUsual = Buffer.compare(coinbase.witness, WITNESS_RESERVED_VALUE) === 0
  if (coinbase.witness.length > 0 && !isUsual)
    throw new UnminableTemplate(
      "the node's coinbase has a witness that this version does not know: use a newer version, or another node",
    )
  const view = new DataView(header.buffer, header.byteOffset, header.length)
  const nbits = view.getUint32(72, true)
  return {
    prevHash: header.slice(4, 36),
    height,
    version: view.getUint32(0, true),
    nbits,
    target: nbitsToTarget(nbits),
    curtime: view.getUint32(68, true),
    // the node's own time is allowed, and work begins at that
    mintime: 0,
    coinbaseValue: coinbase.value,
    transactions: [],
    weightLimit: LIMITS.weight,
    sigopLimit: LIMITS.sigops,
    segwit: coinbase.witness.length > 0,
    made: {
      room,
      coinbase: {
        version: coinbase.version,
        sequence: coinbase.sequence,
        locktime: coinbase.locktime,
        scriptPrefix: coinbase.scriptPrefix,
        outputs: coinbase.outputs,
      },
      merklePath,
      transactions: transactions.read(block),
    },
  }
}

/** The same without transactions: it leaves all the room there is. The whole template follows. */
export function provisional(template: NodeTemplate): NodeTemplate {
  const { made } = template
  return { ...template, isProvisional: true, ...(made && { made: { ...made, room: LIMITS } }) }
}
