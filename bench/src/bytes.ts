import type { Message } from '@sv2/messages'
import { EDITIONS } from '@sv2/runtime'
import type { Measurement } from './report.ts'
import { submitLine } from './share.ts'

/** Acknowledged shares per SubmitShares.Success, as the pool sends them. */
const BATCH = 10
/** A tag, and the frame's cipher parts: header and payload in the current edition, prefix and frame in the draft. */
const SEALED = { current: 16 + 16, draft: 2 + 16 } as const

const SHARE: Message = {
  type: 'SubmitSharesStandard',
  channelId: 2,
  sequenceNumber: 1,
  jobId: 1,
  nonce: 1,
  ntime: 1,
  version: 1,
}
const ACK: Message = {
  type: 'SubmitShares.Success',
  channelId: 2,
  lastSequenceNumber: 1,
  newSubmitsAcceptedCount: BATCH,
  newSharesSum: 1n,
}
const PREV: Message = {
  type: 'SetNewPrevHash',
  channelId: 2,
  jobId: 1,
  prevHash: new Uint8Array(32),
  minNtime: 1,
  nbits: 1,
}
const JOB: Message = {
  type: 'NewMiningJob',
  channelId: 2,
  jobId: 1,
  minNtime: undefined,
  version: 1,
  merkleRoot: new Uint8Array(32),
}

/** (e) Bytes of TCP payload for a share with its answer, and for a new block to a header-only device, against V1. */
export function measureBytes(): Measurement[] {
  const v1Share = submitLine(123_456).length + '{"id":123456,"result":true,"error":null}\n'.length
  const v1Job = notifyLine().length
  const rows: Measurement[] = [
    {
      part: 'bytes',
      name: 'SV1 JSON (baseline)',
      values: { 'share and answer': v1Share, 'new block': v1Job },
    },
  ]
  for (const edition of ['current', 'draft'] as const) {
    const size = (message: Message): number => EDITIONS[edition].encode(message).length
    for (const sealed of [0, SEALED[edition]]) {
      const share = size(SHARE) + sealed + (size(ACK) + sealed) / BATCH
      const block = size(PREV) + sealed
      const full = size(JOB) + sealed + block
      rows.push({
        part: 'bytes',
        name: `${edition}, ${sealed === 0 ? 'plaintext' : 'encrypted'}`,
        values: {
          'share and answer': share,
          'V1 ÷ share': ratio(v1Share, share),
          'new block': block,
          'V1 ÷ block': ratio(v1Job, block),
          'with its job': full,
          'V1 ÷ block with job': ratio(v1Job, full),
        },
      })
    }
  }
  return rows
}

/** A mining.notify of a full block: coinbase halves and twelve branches. */
function notifyLine(): string {
  const branches = Array.from({ length: 12 }, () => `"${'ab'.repeat(32)}"`).join()
  return `{"id":null,"method":"mining.notify","params":["66d1f2a0","${'ab'.repeat(32)}","${'ab'.repeat(58)}","${'ab'.repeat(110)}",[${branches}],"20000000","17034219","66d1f2a0",true]}\n`
}

function ratio(a: number, b: number): string {
  return `${Number((a / b).toPrecision(3))} ×`
}
