import type { NewExtendedMiningJob, NewMiningJob, SetNewPrevHash } from '../current/jobs.ts'
import type { ToldTip } from './channel-memory.ts'
import type { DraftMemory } from './memory.ts'

type TimedJob = NewMiningJob | NewExtendedMiningJob

/** Tips by the message that told them: one object for all connections that were told the same. */
const toldTips = new WeakMap<SetNewPrevHash, ToldTip>()

/** What a SetNewPrevHash says of the tip; its bytes may be a view, and are copied. */
export function toldTip(message: SetNewPrevHash): ToldTip {
  const known = toldTips.get(message)
  if (known !== undefined) return known
  const { prevHash, minNtime, nbits } = message
  const told = { prevHash: prevHash.slice(), minNtime, nbits }
  toldTips.set(message, told)
  return told
}

/** A job that is told together with its time: first parked, then named by a SetNewPrevHash. */
type TimedTelling = readonly [TimedJob, SetNewPrevHash]

/** Tellings of jobs that went to a client, so that all clients who know the same tip get the same two frames. */
const tellings = new WeakMap<TimedJob, { readonly told: ToldTip; readonly telling: TimedTelling }>()

/**
 * An active draft job carries no time: its client starts at that of the last SetNewPrevHash it has been told. A job
 * that is good from a later time on is therefore told as a future job, with a SetNewPrevHash of the same tip and the
 * job's own time; else every share before that time would be refused. docs/wire.md §4.2.2.
 */
export function withItsTime(job: TimedJob, { channels }: DraftMemory): TimedTelling | undefined {
  const { channelId, jobId, minNtime } = job
  const told = channels.tip(channelId)
  if (minNtime === undefined || told === undefined || minNtime <= told.minNtime) return undefined
  const known = tellings.get(job)
  if (known?.told === told) return known.telling
  const { prevHash, nbits } = told
  const telling: TimedTelling = [
    { ...job, minNtime: undefined },
    { type: 'SetNewPrevHash', channelId, jobId, prevHash, minNtime, nbits },
  ]
  tellings.set(job, { told, telling })
  return telling
}
