import type { FastifyInstance } from 'fastify'
import type { AppContext } from '../app.ts'
import { type ApiConfig, apiSettings } from '../config/api.ts'
import { type NoticesConfig, noticesSettings } from '../config/notices.ts'
import type { Health } from '../monitoring.ts'
import type { Condition } from '../notices/notice.ts'
import { startNotices } from '../notices/start-notices.ts'
import type { Statistics } from '../stats/statistics.ts'
import { serveDashboard } from './dashboard.ts'
import { serveApi } from './serve-api.ts'
import type { ApiSources } from './sources.ts'

/** What is served besides numbers and health, and what people are told of. */
export interface ServedApi
  extends Pick<
    ApiSources,
    'role' | 'network' | 'isFarm' | 'ledger' | 'audit' | 'coinbase' | 'bookPayment' | 'setAddress'
  > {
  readonly config: ApiConfig
  readonly notices: NoticesConfig
  /** Their disks are watched. */
  readonly folders: readonly string[]
  /** More that people are told of. */
  readonly conditions?: (() => readonly Condition[]) | undefined
}

/** Starts the notices of a role with miners, and answers what puts its pages on a server; undefined when it has none. */
export function pagesOf(
  { config, notices: told, folders, conditions, ...served }: ServedApi,
  from: {
    readonly stats: Statistics
    readonly context: AppContext
    readonly health: Health
    readonly doors: () => readonly string[]
    readonly disconnect: (session: number) => void
  },
): ((app: FastifyInstance) => void) | undefined {
  const { stats, context, health, doors, disconnect } = from
  const { log, scope, clock } = context
  const ok = () => health().ok
  const settings = noticesSettings(told)
  const { role, ledger } = served
  const notices =
    settings.targets.length === 0
      ? undefined
      : startNotices(settings, { from: role, stats, ok, ledger, folders, conditions, log, now: clock.now })
  if (notices !== undefined) scope.own('notices', () => notices.close())
  if (!config.enabled) return undefined
  return (app) => {
    serveDashboard(app)
    serveApi(
      app,
      { ...served, stats, now: clock.now, ok, doors, disconnect, notices },
      { ...apiSettings(config), onFault: (err) => log.error({ err }, 'a page failed') },
    )
  }
}
