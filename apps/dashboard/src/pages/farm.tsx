import { useState } from 'preact/hooks'
import type { PageProps } from '../app.tsx'
import { useReading } from '../data/read.ts'
import type { History, Miner, Page, Upstream } from '../data/shapes.ts'
import { ago, duration, hashrate, refusedPart, short } from '../data/words.ts'
import { HashrateChart } from '../parts/chart.tsx'
import { Badge, Card, Refused, Stat, Stats, Table } from '../parts/parts.tsx'

/** A machine without a share for so long is silent, seconds. */
const SILENT_SEC = 300
const MOST_ROWS = 500

/** What the owner of machines sees: those that need a look come first. */
export function FarmPage({ node, live, now }: PageProps) {
  const when = `${live.happenings} ${live.state}`
  const { answer: history } = useReading<History>('pool/history?span=hour', { everyMs: 30_000, when })
  return (
    <>
      <h1>Farm</h1>
      {node !== undefined && (
        <Stats>
          <Stat name="Hash rate, 10 min" value={hashrate(node.hashrate.ten_minutes)} />
          <Stat name="24 h" value={hashrate(node.hashrate.day)} />
          <Stat name="Machines" value={String(node.miners)} note={`${node.channels} channels`} />
          <Stat
            name="Shares"
            value={short(node.shares.accepted)}
            note={`last ${ago(node.shares.last_share_at, now)}`}
          />
          <Stat name="Refused" value={refusedPart(node.shares)} />
        </Stats>
      )}
      <Upstreams when={when} now={now} />
      <Machines when={when} />
      <Card title="Hash rate of the last hour">
        <HashrateChart history={history} name="Hash rate of all machines" />
      </Card>
    </>
  )
}

function Upstreams({ when, now }: { readonly when: string; readonly now: number }) {
  const { answer } = useReading<{ readonly items: readonly Upstream[] }>('upstreams', {
    everyMs: 3_000,
    when,
  })
  if (answer === undefined) return null
  return (
    <Card title="Upstreams">
      <Table
        name="Upstreams"
        rows={answer.items}
        keyOf={({ place }) => place}
        empty="No upstream was reached yet."
        columns={[
          {
            name: 'Pool',
            cell: ({ name, place }) => <span class="name">{name === '' ? `number ${place}` : name}</span>,
          },
          { name: 'State', cell: (row) => <UpstreamState upstream={row} /> },
          { name: 'Since', cell: ({ since }) => ago(since, now) },
          { name: 'Sent', isNumber: true, cell: ({ sent }) => short(sent) },
          { name: 'Acknowledged', isNumber: true, cell: ({ acknowledged }) => short(acknowledged) },
          {
            name: 'Refused',
            cell: ({ acknowledged, refused, refused_by_reason }) => (
              <Refused shares={{ accepted: acknowledged, refused, refused_by_reason }} />
            ),
          },
        ]}
      />
    </Card>
  )
}

function UpstreamState({ upstream }: { readonly upstream: Upstream }) {
  const { state, is_used: isUsed, reason } = upstream
  if (state === 'refused') return <Badge tone="bad">refuses us{reason === '' ? '' : `: ${reason}`}</Badge>
  if (state === 'lost') return <Badge tone="bad">lost</Badge>
  if (isUsed) return <Badge tone="good">in use</Badge>
  return (
    <Badge tone={state === 'ready' ? 'warn' : 'plain'}>{state === 'ready' ? 'ready' : 'not tried'}</Badge>
  )
}

/** How a machine is. */
function stateOf({ silent_sec: silent, shares }: Miner): readonly ['good' | 'warn' | 'bad', string] {
  if (silent >= SILENT_SEC) return ['bad', `silent for ${duration(silent * 1000)}`]
  if (shares.refused * 20 > shares.accepted + shares.refused)
    return ['warn', `refused ${refusedPart(shares)}`]
  return ['good', 'works']
}

function Machines({ when }: { readonly when: string }) {
  const { answer } = useReading<Page<Miner>>(`miners?limit=${MOST_ROWS}`, { everyMs: 3_000, when })
  const [upstream, setUpstream] = useState('')
  const [kind, setKind] = useState('')
  const all = answer?.items ?? []
  const upstreams = [
    ...new Set(all.flatMap((row) => (row.upstream === null ? [] : [String(row.upstream)]))),
  ].sort()
  const kinds = [...new Set(all.map((row) => row.kind))].sort()
  const rows = all.filter(
    (row) => (upstream === '' || String(row.upstream) === upstream) && (kind === '' || row.kind === kind),
  )
  return (
    <Card
      title="Machines"
      aside={
        <span class="filters">
          {upstreams.length > 1 && (
            <Filter name="Upstream" value={upstream} values={upstreams} onChange={setUpstream} />
          )}
          {kinds.length > 1 && <Filter name="Kind" value={kind} values={kinds} onChange={setKind} />}
        </span>
      }
    >
      <Table
        name="Machines"
        rows={rows}
        keyOf={({ id }) => id}
        empty="No machine is connected."
        columns={[
          { name: 'State', cell: (row) => <Badge tone={stateOf(row)[0]}>{stateOf(row)[1]}</Badge> },
          {
            name: 'Users',
            cell: ({ users, channels }) => (
              <span class="name">
                {users.join(', ')}
                {channels > users.length ? ` and ${channels - users.length} more` : ''}
              </span>
            ),
          },
          { name: '10 min', isNumber: true, cell: (row) => hashrate(row.hashrate_ten_minutes) },
          { name: 'Last share', isNumber: true, cell: (row) => duration(row.silent_sec * 1000) },
          { name: 'Shares', isNumber: true, cell: ({ shares }) => short(shares.accepted) },
          { name: 'Refused', cell: ({ shares }) => <Refused shares={shares} /> },
          {
            name: 'Difficulty',
            isNumber: true,
            cell: (row) => (row.difficulty === null ? '–' : short(row.difficulty)),
          },
          { name: 'Kind', cell: (row) => <span class="name">{`${row.kind} ${row.firmware}`.trim()}</span> },
          { name: 'Address', cell: ({ remote, version }) => `${remote} · ${version}` },
        ]}
      />
      {answer !== undefined && answer.next !== null && (
        <p class="note">
          The first {MOST_ROWS} machines, those that need a look in front. All of them: /api/v1/miners.
        </p>
      )}
    </Card>
  )
}

function Filter({
  name,
  value,
  values,
  onChange,
}: {
  readonly name: string
  readonly value: string
  readonly values: readonly string[]
  readonly onChange: (value: string) => void
}) {
  return (
    <label>
      {name}{' '}
      <select value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        <option value="">all</option>
        {values.map((each) => (
          <option key={each} value={each}>
            {each === '' ? '(nothing said)' : each}
          </option>
        ))}
      </select>
    </label>
  )
}
