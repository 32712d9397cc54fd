import { AddressError, addressToScript, hex, witnessProgram } from '@sv2/bitcoin'
import { MIN_RELAY_FEE_RATE } from '../mempool-policy.ts'
import { integerArgument, stringArgument } from './arguments.ts'
import { RPC, RpcError } from './rpc-error.ts'
import type { RpcCall, RpcMethods } from './rpc-method.ts'

/** The release of Bitcoin Core whose behaviour this node follows. */
const FOLLOWED_VERSION = 290_000

function getNetworkInfo({ node }: RpcCall): unknown {
  return {
    version: FOLLOWED_VERSION,
    subversion: '/sv2-regtest-node:0.0.0/',
    protocolversion: 70016,
    localservices: '0000000000000409',
    localservicesnames: ['NETWORK', 'WITNESS', 'NETWORK_LIMITED'],
    localrelay: true,
    timeoffset: 0,
    networkactive: true,
    connections: node.status.peers,
    connections_in: 0,
    connections_out: node.status.peers,
    networks: [],
    relayfee: MIN_RELAY_FEE_RATE / 1e8,
    incrementalfee: MIN_RELAY_FEE_RATE / 1e8,
    localaddresses: [],
    warnings: [],
  }
}

/** The script of a regtest address. @throws {RpcError} -5 with `message` when it is not an address of regtest. */
export function regtestScript(address: string, message: string): Uint8Array {
  try {
    return addressToScript(address, 'regtest')
  } catch (error) {
    if (error instanceof AddressError) throw new RpcError(RPC.invalidAddressOrKey, message)
    throw error
  }
}

function validateAddress(_: RpcCall, args: readonly unknown[]): unknown {
  const address = stringArgument(args, 0, 'address')
  let script: Uint8Array
  try {
    script = addressToScript(address, 'regtest')
  } catch (error) {
    if (error instanceof AddressError) return { isvalid: false, error_locations: [], error: error.message }
    throw error
  }
  const program = witnessProgram(script)
  return {
    isvalid: true,
    address,
    scriptPubKey: hex(script),
    isscript: script[0] === 0xa9 || program?.data.length === 32,
    iswitness: program !== undefined,
    ...(program === undefined
      ? {}
      : { witness_version: program.version, witness_program: hex(program.data) }),
  }
}

function setMockTime({ node }: RpcCall, args: readonly unknown[]): unknown {
  const time = integerArgument(args, 0, 'timestamp')
  if (time < 0)
    throw new RpcError(RPC.invalidParameter, `Mocktime must be in the range [0, 9223372036], not ${time}.`)
  node.clock.set(time === 0 ? undefined : time)
  return null
}

/** Methods about the node itself and its surroundings. */
export const networkMethods: RpcMethods = {
  getnetworkinfo: { parameters: [], run: getNetworkInfo },
  getconnectioncount: { parameters: [], run: ({ node }) => node.status.peers },
  validateaddress: { parameters: ['address'], run: validateAddress },
  setmocktime: { parameters: ['timestamp'], run: setMockTime },
  uptime: { parameters: [], run: ({ node }) => Math.max(node.clock.now() - node.startedAt, 0) },
}
