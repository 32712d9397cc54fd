import { type Network, networkOfChain } from '@sv2/bitcoin'
import { type NodeRpc, NodeRpcError } from '@sv2/runtime'
import { z } from 'zod'

/** Something to tell of a check. */
export interface Finding {
  /** `wrong`: it does not work so; `care`: it works, and there is something to know. */
  readonly state: 'fine' | 'care' | 'wrong'
  readonly what: string
  /** What to do about it. */
  readonly todo?: string
}

/** What a node says of itself. */
export interface CheckedNode {
  readonly findings: readonly Finding[]
  /** Undefined when it did not answer. */
  readonly network: Network | undefined
}

/** A node is asked no longer than this, ms. */
const PATIENCE_MS = 10_000
/** The oldest release of Bitcoin Core that is tested with: 22.0. */
const OLDEST_VERSION = 220_000
/** The clock of a node and those of its peers may be so far apart, seconds. */
const MOST_OFFSET_SEC = 70
/** A node that has not heard of a block for so long is cut off, or the network is a test one; seconds. */
const OLD_TIP_SEC = 4 * 3_600
const WARMING_UP = -28

const networkInfo = z.object({
  version: z.int(),
  subversion: z.string(),
  timeoffset: z.int().default(0),
  connections: z.int().default(0),
})
const chainInfo = z.object({
  chain: z.string(),
  blocks: z.int(),
  headers: z.int(),
  initialblockdownload: z.boolean().default(false),
  pruned: z.boolean().default(false),
  verificationprogress: z.number().default(1),
  time: z.int().optional(),
})
const mempoolInfo = z.object({ loaded: z.boolean().default(true), size: z.int() })

/** Asks a node for all that a template provider needs of it. @param wanted the network that is to be mined on, where known */
export async function checkNode(
  rpc: NodeRpc,
  { wanted, now }: { readonly wanted?: Network | undefined; readonly now: number },
): Promise<CheckedNode> {
  const ask = async <S extends z.ZodType>(method: string, shape: S, ...parameters: readonly unknown[]) =>
    shape.parse(await rpc.call(method, parameters, PATIENCE_MS))
  try {
    const net = await ask('getnetworkinfo', networkInfo)
    const chain = await ask('getblockchaininfo', chainInfo)
    const mempool = await ask('getmempoolinfo', mempoolInfo)
    const network = networkOfChain(chain.chain)
    const findings = [
      ...aboutVersion(net),
      ...aboutChain(chain, { network, wanted, now }),
      ...aboutPeers(net, network),
      {
        state: mempool.loaded ? 'fine' : 'care',
        what: mempool.loaded
          ? `${mempool.size} transactions in its mempool`
          : 'it is still reading its mempool from disk',
        ...(mempool.loaded ? {} : { todo: 'wait a minute: until then blocks have fewer transactions' }),
      } as const,
      ...(chain.initialblockdownload ? [] : await aboutTemplates(rpc, network)),
    ]
    return { findings, network }
  } catch (error) {
    return { findings: [unanswered(rpc, error)], network: undefined }
  }
}

function aboutVersion({ version, subversion }: z.output<typeof networkInfo>): Finding[] {
  if (version >= OLDEST_VERSION) return [{ state: 'fine', what: `node ${subversion}` }]
  return [
    {
      state: 'care',
      what: `node ${subversion} is older than what this program is tested with`,
      todo: 'update it to Bitcoin Core 22.0 or newer',
    },
  ]
}

function aboutChain(
  chain: z.output<typeof chainInfo>,
  { network, wanted, now }: { network: Network | undefined; wanted: Network | undefined; now: number },
): Finding[] {
  const findings: Finding[] = []
  if (network === undefined)
    return [{ state: 'wrong', what: `its chain is ${chain.chain}`, todo: 'name a node of a Bitcoin network' }]
  if (wanted !== undefined && wanted !== network)
    findings.push({
      state: 'wrong',
      what: `it is a node of ${network}, not of ${wanted}`,
      todo: `set network = "${network}", or name a node of ${wanted}`,
    })
  if (chain.initialblockdownload && network !== 'regtest') {
    findings.push({
      state: 'care',
      what: `it downloads the chain: ${(chain.verificationprogress * 100).toFixed(1)} %, block ${chain.blocks} of ${chain.headers}`,
      todo: 'nothing: miners get work as soon as it is done',
    })
  } else findings.push({ state: 'fine', what: `${network}, synced to block ${chain.blocks}` })
  if (chain.pruned)
    findings.push({ state: 'fine', what: 'it is pruned, which is enough: old blocks are not needed' })
  const age = chain.time === undefined ? 0 : now / 1_000 - chain.time
  if (network === 'mainnet' && !chain.initialblockdownload && age > OLD_TIP_SEC)
    findings.push({
      state: 'care',
      what: `its newest block is ${(age / 3_600).toFixed(0)} hours old`,
      todo: 'see to its network connection, and to the clock of this machine',
    })
  return findings
}

function aboutPeers(
  { connections, timeoffset }: z.output<typeof networkInfo>,
  network: Network | undefined,
): Finding[] {
  const findings: Finding[] = []
  if (connections === 0 && network !== 'regtest')
    findings.push({
      state: 'care',
      what: 'it has no peers: a block that is found would reach nobody',
      todo: 'see to its network connection',
    })
  if (Math.abs(timeoffset) > MOST_OFFSET_SEC)
    findings.push({
      state: 'care',
      what: `its clock is ${timeoffset} s away from those of its peers`,
      todo: 'let NTP set the clock: timedatectl set-ntp true',
    })
  return findings
}

/** Whether the node hands out templates, and may be asked for them. */
async function aboutTemplates(rpc: NodeRpc, network: Network | undefined): Promise<Finding[]> {
  const rules = network === 'signet' ? ['segwit', 'signet'] : ['segwit']
  try {
    await rpc.call('getblocktemplate', [{ rules }], PATIENCE_MS)
    return [{ state: 'fine', what: 'it gives block templates' }]
  } catch (error) {
    if (!(error instanceof NodeRpcError)) throw error
    return [
      {
        state: 'care',
        what: `it gives no block template now: ${error.message}`,
        todo: 'it needs peers, the whole chain, and getblocktemplate and submitblock allowed for this user',
      },
    ]
  }
}

function unanswered({ url }: NodeRpc, error: unknown): Finding {
  const what = error instanceof Error ? error.message : String(error)
  if (error instanceof NodeRpcError && error.code === 401)
    return { state: 'wrong', what, todo: 'name the cookie of this very node: --cookie FILE' }
  if (error instanceof NodeRpcError && error.code === WARMING_UP)
    return { state: 'wrong', what, todo: 'the node is starting: try again in a minute' }
  if (error instanceof z.ZodError)
    return {
      state: 'wrong',
      what: `${url} does not answer as a Bitcoin node does`,
      todo: 'name another: --node-url URL',
    }
  return {
    state: 'wrong',
    what,
    todo: 'start the node with server=1 in its bitcoin.conf, or name another: --node-url URL and --cookie FILE',
  }
}
