import type { App, AppContext } from '@sv2/app-kit'
import { jobNegotiatorClient } from '@sv2/job-negotiator/client'
import { miningProxy } from '@sv2/mining-proxy'
import { templateProvider } from '@sv2/template-provider'
import { type RunningTranslatorProxy, translatorProxy } from '@sv2/translator-proxy'
import { minerUrls } from '../miner-urls.ts'
import { JSON_LOG, startHere } from '../start-here.ts'
import type { Terminal } from '../terminal.ts'
import { watchMiners } from '../watch-miners.ts'
import { welcome } from '../welcome.ts'
import {
  clientTree,
  type FarmConfig,
  farmProviderTree,
  farmSchema,
  farmTranslatorTree,
  loadFarm,
  negotiates,
  printFarm,
  proxyTree,
} from './farm-config.ts'

/** The file that `sv2 farm` reads. */
export const FARM_FILE = 'sv2-farm.toml'

/** `sv2 farm`: translator, mining proxy, and with a node the client of job negotiation, in one process. */
export function farm(terminal: Terminal): App<FarmConfig, RunningTranslatorProxy> {
  return {
    name: 'sv2-farm',
    description:
      'A farm in front of pools: translator, mining proxy and job negotiator client in one process',
    // read by `load`, which checks the sections too
    schema: farmSchema as never,
    defaultFile: FARM_FILE,
    flags: [JSON_LOG],
    load: (sources) => loadFarm(sources, terminal.isInteractive ? 'warn' : 'info'),
    printDefaults: printFarm,

    async start(config, context) {
      const { tree, log } = config
      const started = { context, log }
      const clientUrl = negotiates(tree) ? await startClient(config, context) : undefined
      const proxy = await startHere(
        miningProxy,
        miningProxy.schema.parse(proxyTree(tree, clientUrl)),
        started,
      )
      const translator = translatorProxy.schema.parse(farmTranslatorTree(tree, proxy.urls[0]))
      const running = await startHere(translatorProxy, translator, started)
      const miners = minerUrls(
        running.urls,
        translator.listen.map(({ host }) => host),
      )
      const dashboard = `http://${translator.monitoring.host}:${running.monitoringPort}/`
      const toPerson = terminal.isInteractive && log.format !== 'json'
      const title = `a farm on ${config.file.network}, ${clientUrl === undefined ? "with its pools' templates" : 'with templates of its own node'}`
      if (toPerson)
        terminal.print(
          welcome({ title, miners, negotiator: [], dashboard, mode: undefined, address: undefined }),
        )
      else context.log.info({ ...miners, dashboard, own: clientUrl !== undefined }, 'miners may connect')
      watchMiners(running.counts, context, toPerson ? terminal : undefined)
      return running
    },
  }
}

/** Starts the client of job negotiation on templates of the farm's own node. Answers its URL for miners. */
async function startClient({ tree, log }: FarmConfig, context: AppContext): Promise<string | undefined> {
  const provider = await startHere(templateProvider, templateProvider.schema.parse(farmProviderTree(tree)), {
    context,
    log,
  })
  const config = jobNegotiatorClient.schema.parse(clientTree(tree, provider.urls[0]))
  const { urls } = await startHere(jobNegotiatorClient, config, { context, log })
  return urls[0]
}
