// Work of your own making: the core that serves miners in every role here, with a `WorkSource` that decides what they mine.
import { nbitsToTarget, sha256d, unhex } from '@sv2/bitcoin'
import type { Message } from '@sv2/messages'
import { current } from '@sv2/messages/current'
import { type Job, JobBook, Miners, type MinersSettings, type WorkSource } from '@sv2/roles/mining'

const settings: MinersSettings = {
  extranonce: { serverId: new Uint8Array(0), leaseBytes: 4 },
  maxChannels: 1_000,
  maxChannelsPerConnection: 10,
  sharesPerMinute: 6,
  shareBatchSize: 1,
  shareBatchMs: 0,
  difficultySteps: 4,
  minDifficulty: 0.001,
  startDifficulty: 1,
  vardiff: true,
  extendedChannelsOnly: false,
  openChannelWithinMs: 60_000,
  onlyRefusalsMs: 60_000,
  extensions: { supported: new Set(), required: new Set() },
}

// the tip that is mined on, and one job: any bytes around the extranonce make a coinbase
const nbits = 0x1d00ffff
const tip = {
  prevHash: new Uint8Array(32).fill(7),
  minNtime: 1_800_000_000,
  nbits,
  networkTarget: nbitsToTarget(nbits),
}
const job: Job = {
  jobId: 1,
  space: 1,
  order: 1,
  version: 0x2000_0000,
  versionRollingAllowed: true,
  merklePath: [],
  coinbaseTxPrefix: unhex('0100000001'),
  coinbaseTxSuffix: unhex('00000000'),
  activeSince: 0,
  tip: undefined,
}
const book = new JobBook()
book.addActive(job, tip, 1)

const source: WorkSource = {
  terms: () => ({ versionRollingMask: 0x1fff_e000 }),
  bookFor: ({ identity, maxExtranonceSize }) =>
    identity === 'banned'
      ? { code: 'unknown-user', detail: 'this name may not mine here' }
      : { book, extranonceSize: Math.min(8, maxExtranonceSize), user: identity },
  extraJob: () => undefined,
  released: () => undefined,
  accepted: (channel, _, good) => {
    console.log('a share of', channel.user, 'with hash', good.hash)
    return 'credited'
  },
}

// `Engine` of @sv2/runtime would put this on sockets; here one miner says three things
const miners = new Miners(settings, {
  sha256d,
  source,
  emit: (effect) => {
    if (effect.kind === 'send') console.log(effect.message.type)
  },
})
const address = undefined
miners.handle(
  { kind: 'opened', session: 1, port: { kind: 'miners' }, capabilities: current.capabilities, address },
  0,
)
const about = {
  endpointHost: '',
  endpointPort: 0,
  vendor: 'me',
  hardwareVersion: '',
  firmware: '',
  deviceId: '',
}
const channel = { nominalHashRate: 1e6, maxTarget: new Uint8Array(32).fill(255), minExtranonceSize: 4 }
const said: readonly Message[] = [
  { type: 'SetupConnection', protocol: 0, minVersion: 2, maxVersion: 2, flags: 0, ...about },
  { type: 'OpenExtendedMiningChannel', requestId: 1, userIdentity: 'alice', ...channel },
  { type: 'OpenExtendedMiningChannel', requestId: 2, userIdentity: 'banned', ...channel },
]
for (const message of said) miners.handle({ kind: 'message', session: 1, message }, 0)
miners.endTurn()
