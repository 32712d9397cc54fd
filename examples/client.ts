// A Stratum V2 client: connects to a pool, opens a channel, and prints what the pool says.
//   client.ts stratum2+tcp://HOST:PORT/AUTHORITY_KEY USER
import { connectTo } from '@sv2/runtime'

const [url = '', userIdentity = 'me.example'] = process.argv.slice(2)
const server = { endpointHost: '', endpointPort: 0, protocol: 0, minVersion: 2, maxVersion: 2, flags: 0 }
const device = { vendor: 'me', hardwareVersion: '', firmware: '', deviceId: '' }
const channel = { nominalHashRate: 1e6, maxTarget: new Uint8Array(32).fill(255), minExtranonceSize: 4 }

connectTo(url, {
  protocol: 'mining',
  onOpen: () => [{ type: 'SetupConnection', ...server, ...device }],
  onMessage(message) {
    console.log(message)
    if (message.type !== 'SetupConnection.Success') return []
    return [{ type: 'OpenExtendedMiningChannel', requestId: 1, userIdentity, ...channel }]
  },
  onFailed: (where, reason) => console.error(where, reason),
})
