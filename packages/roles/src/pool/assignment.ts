import type { JobBook } from '../mining/channel/job-book.ts'
import { readIdentity } from '../mining/identity.ts'
import type { Assignment, Refusal, WorkRequest } from '../mining/miners/work-source.ts'
import type { JobShelves, Shelf } from './job-shelf.ts'
import type { PayoutClasses } from './payout-classes.ts'
import type { PoolSettings } from './settings.ts'

/** The books that channels of a pool work on. */
export interface PoolBooks {
  readonly shelves: JobShelves
  /** Where shelves are payout classes. */
  readonly classes: PayoutClasses | undefined
  /** That of channels that bring their own jobs. */
  readonly noJobs: JobBook
  /** Ends a shelf: it makes room for another. */
  readonly giveUp: (shelf: Shelf) => void
}

/** The payee of a client's work, and how much of the extranonce is its own; or why it gets no channel. */
export function assignmentOf(
  request: WorkRequest,
  settings: PoolSettings,
  books: PoolBooks,
): Assignment | Refusal {
  const payout = payoutFor(request, settings)
  const read = readIdentity(request.identity, payout)
  if ('code' in read) return read
  const { rollableExtranonceSize, fullExtranonceSize } = settings
  const { minExtranonceSize: least, leaseSize } = request
  const room = fullExtranonceSize - leaseSize
  const most = Math.min(room, request.maxExtranonceSize)
  if (least > most) {
    return {
      code: 'min-extranonce-size-too-large',
      detail: `min_extranonce_size ${least}, at most ${most}`,
    }
  }
  const extranonceSize = Math.max(least, Math.min(rollableExtranonceSize, most))
  const granted = { extranonceSize, padding: room - extranonceSize, user: read.user, worker: read.worker }
  if (request.requiresWorkSelection) return { book: books.noJobs, ...granted }
  const { classes } = books
  if (classes !== undefined && payout.mode === 'shared') {
    const shelf = books.shelves.ofClass(classes, classes.classFor(request.maxCoinbaseBytes))
    return { book: shelf.book, ...granted }
  }
  const known = books.shelves.find(read.key)
  if (known !== undefined) return { book: known.book, ...granted }
  const { address, session } = request
  const holder = address ?? session
  if (payout.mode === 'solo') {
    const { maxPayouts, maxPayoutsPerAddress: most = maxPayouts } = payout
    if (address !== undefined && books.shelves.broughtBy(address) >= most)
      return { code: 'channel-capacity-exhausted', detail: `${most} payouts of one network address` }
    if (books.shelves.size >= maxPayouts) {
      const inTheWay = books.shelves.inTheWayOf(holder)
      if (inTheWay === undefined)
        return { code: 'channel-capacity-exhausted', detail: `${maxPayouts} payouts at one time` }
      books.giveUp(inTheWay)
    }
  }
  const shelf = books.shelves.make(read.key, read.script, holder)
  return { book: shelf.book, ...granted }
}

/** How a client is paid: behind a solo door its blocks are its own. */
function payoutFor({ isSolo }: WorkRequest, { payout }: PoolSettings): PoolSettings['payout'] {
  if (isSolo !== true || payout.mode !== 'shared' || payout.solo === undefined) return payout
  return { mode: 'solo', network: payout.network, ...payout.solo }
}
