import type { NodeConfig } from '@sv2/app-kit'

/** What a compose file has to know. */
export interface ComposeFacts {
  /** The folder that the configuration and its data folder lie in, absolute. */
  readonly folder: string
  /** The configuration, absolute. */
  readonly config: string
  readonly nodes: readonly NodeConfig[]
  /** Owner of the folder, `1000:1000`: files of the container belong to it. */
  readonly owner: string
  /** Where the dashboard listens, by which the health of the container is asked. */
  readonly pages: string
}

/**
 * A compose file for `sv2 up` in a container. It is on the network of the host: a node on the loopback interface is reached, and
 * miners are told addresses of the machine. Folder and cookies have the paths that they have outside.
 */
export function composeFile({ folder, config, nodes, owner, pages }: ComposeFacts): string {
  const mounted = nodes.flatMap(({ cookie_file: cookie, ipc }) =>
    [cookie, ipc].flatMap((path) => (path === undefined ? [] : [folderOf(path)])),
  )
  // a node makes a new cookie at each start: of a mounted file the container would keep the old one
  const volumes = [`${folder}:${folder}`, ...new Set(mounted.map((path) => `${path}:${path}:ro`))]
  return `# Written by \`sv2 deploy compose\`. In a checkout: docker build --target sv2 -t sv2 .   Then: docker compose up -d
${mounted.length === 0 ? '' : '# The folder of the cookie is mounted to be read. Where wallets lie in it, give sv2 a user and password (rpcauth) instead.\n'}services:
  sv2:
    image: sv2
    command: [up, --config, ${JSON.stringify(config)}]
    network_mode: host
    user: ${JSON.stringify(owner)}
    working_dir: ${JSON.stringify(folder)}
    volumes:
${volumes.map((volume) => `      - ${JSON.stringify(volume)}`).join('\n')}
    restart: unless-stopped
    stop_grace_period: 10s
    read_only: true
    cap_drop: [ALL]
    security_opt: [no-new-privileges:true]
    healthcheck:
      test: [CMD, node, /app/apps/sv2/dist/main.js, status, --url, ${JSON.stringify(pages)}]
      interval: 30s
      timeout: 10s
      start_period: 60s
`
}

function folderOf(path: string): string {
  return path.replace(/[/\\][^/\\]*$/, '') || '/'
}
