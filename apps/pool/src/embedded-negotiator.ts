import { addressToScript } from '@sv2/bitcoin'
import {
  type AppContext,
  doorsSchema,
  furtherOutputsKey,
  type NegotiatorServerConfig,
  negotiationKeys,
  optionalNodesSchema,
  type RunningNegotiatorServer,
  startNegotiatorServer,
} from '@sv2/runtime'
import { z } from 'zod'

/** The schema of the job negotiator server inside of the pool's process. */
export function embeddedNegotiatorSchema() {
  return z
    .strictObject({
      enabled: z.boolean().default(false).describe('true: take the jobs that miners make for themselves'),
      further_outputs: furtherOutputsKey(),
      ...negotiationKeys(optionalNodesSchema),
      listen: doorsSchema({
        host: '0.0.0.0',
        port: 3_334,
        maxPayloadBytes: 5 * 1024 * 1024,
        maxQueuedBytes: 16 * 1024 * 1024,
      }),
    })
    .prefault({ nodes: [], listen: [{}] })
    .describe('A job negotiator server in this process, with data_dir, authority key and payout of the pool')
}

type EmbeddedConfig = z.output<ReturnType<typeof embeddedNegotiatorSchema>>

/** What of the pool's configuration holds for its job negotiator server too. */
type HostConfig = Omit<NegotiatorServerConfig, keyof EmbeddedConfig> & {
  readonly job_negotiator: EmbeddedConfig
  readonly payout: { readonly mode: 'pool' | 'solo'; readonly address?: string | undefined }
}

/** What is wrong with its nodes. */
export function embeddedNegotiatorProblem({
  enabled,
  nodes,
}: Pick<EmbeddedConfig, 'enabled' | 'nodes'>): string | undefined {
  return enabled && nodes.length === 0 ? 'a node is required when it is enabled' : undefined
}

/** Starts it when it is enabled. */
export async function startEmbeddedNegotiator(
  config: HostConfig,
  context: AppContext,
): Promise<RunningNegotiatorServer | undefined> {
  const { job_negotiator: own, payout, network } = config
  if (!own.enabled) return undefined
  return startNegotiatorServer(
    { ...config, ...own },
    {
      context,
      furtherOutputs: own.further_outputs,
      payout:
        payout.mode === 'solo'
          ? { mode: 'solo', network, maxPayouts: Number.MAX_SAFE_INTEGER }
          : { mode: 'pool', script: addressToScript(payout.address ?? '', network) },
    },
  )
}
