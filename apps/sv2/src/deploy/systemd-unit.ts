/** What a unit has to know. */
export interface UnitFacts {
  /** Absolute paths of Node and of this program. */
  readonly node: string
  readonly file: string
  /** The folder that `sv2.toml` lies in. */
  readonly folder: string
  readonly config: string
  readonly user: string
}

/** A unit for systemd that runs `sv2 up` as this user, and starts it again when it ends with a fault of its own. */
export function systemdUnit({ node, file, folder, config, user }: UnitFacts): string {
  return `# Written by sv2. To install it:
#   sudo cp sv2.service /etc/systemd/system/ && sudo systemctl enable --now sv2
[Unit]
Description=Stratum V2 pool, template provider, job negotiator and translator
After=network-online.target bitcoind.service
Wants=network-online.target

[Service]
User=${user}
WorkingDirectory=${folder}
ExecStart="${node}" --disable-sigusr1 "${file}" up --config "${config}"
Restart=on-failure
RestartSec=5
# a wrong configuration does not become right by a restart
RestartPreventExitStatus=64
NoNewPrivileges=yes
PrivateTmp=yes
ProtectSystem=full
CapabilityBoundingSet=
LimitNOFILE=65536

[Install]
WantedBy=multi-user.target
`
}
