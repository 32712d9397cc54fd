import { hex } from '@sv2/bitcoin'
import type { Message } from '@sv2/messages'
import { filled } from './_fixtures.ts'
import { rootOf, type TestChannel, type TestMiner } from './_test-miner.ts'

/** What messages are, in order. */
export const types = (messages: readonly Message[]): string[] => messages.map(({ type }) => type)

/** The search space of a job on a channel: its merkle root, or the coinbase around what the miner rolls. */
export const space = (miner: TestMiner, channel: TestChannel): string[] =>
  miner.jobs(channel).map((job) => hex(rootOf(job, channel.prefix, filled(0, channel.extranonceSize))))
