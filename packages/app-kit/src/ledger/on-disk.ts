import { ApiRefusal } from '../api/refusal.ts'

/** How often, and how many times, the ledger is asked. */
const ASK_EVERY_MS = 50
const ASKED_MOST = 200

/**
 * Waits until the ledger has read a record that was appended: it reads what is on disk alone.
 * @throws {ApiRefusal} when the disk does not take it in time
 */
export async function untilOnDisk(isRead: () => Promise<boolean>): Promise<void> {
  for (let asked = 0; asked < ASKED_MOST; asked++) {
    if (await isRead()) return
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS))
  }
  throw new ApiRefusal(503, 'the journal is not on disk yet; ask again later, nothing is booked twice')
}
