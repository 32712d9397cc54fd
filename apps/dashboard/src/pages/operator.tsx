import { useEffect, useState } from 'preact/hooks'
import type { PageProps } from '../app.tsx'
import { useReading } from '../data/read.ts'
import type { Balance, Block, Distribution, History, Node, Page, Segment } from '../data/shapes.ts'
import { ago, bitcoin, brief, duration, hashrate, moment, short } from '../data/words.ts'
import { HashrateChart } from '../parts/chart.tsx'
import { Badge, Card, Stat, Stats, Table } from '../parts/parts.tsx'

const HASHES_PER_DIFFICULTY = 2 ** 32

/** What the operator of a node sees. */
export function OperatorPage({ node, live, now }: PageProps) {
  const when = `${live.happenings} ${live.state}`
  const { answer: history } = useReading<History>('pool/history?span=day', { everyMs: 60_000, when })
  return (
    <>
      <h1>Operator</h1>
      {node !== undefined && <Summary node={node} now={now} />}
      <Blocks when={when} now={now} />
      <DistributionCard when={when} now={now} />
      <Balances when={when} />
      <Journal when={when} now={now} />
      {node !== undefined && <Doors node={node} />}
      <Card title="Hash rate of the last day">
        <HashrateChart history={history} name="Hash rate of all miners" />
      </Card>
    </>
  )
}

function Summary({ node, now }: { readonly node: Node; readonly now: number }) {
  const { tip, shares } = node
  const expected = tip === null ? 0 : shares.work / tip.network_difficulty
  const rate = node.hashrate.hour
  const blockMs =
    tip === null || rate === 0 ? Number.NaN : (tip.network_difficulty * HASHES_PER_DIFFICULTY * 1000) / rate
  return (
    <Stats>
      <Stat
        name="Node"
        value={node.ok ? 'works' : 'no work'}
        tone={node.ok ? 'good' : 'bad'}
        note={`up ${duration(now - node.started_at)}`}
      />
      <Stat name="Hash rate, 10 min" value={hashrate(node.hashrate.ten_minutes)} />
      <Stat name="24 h" value={hashrate(node.hashrate.day)} />
      <Stat
        name="Connections"
        value={String(node.miners)}
        note={`${node.channels} channels, ${node.workers} workers`}
      />
      <Stat name="Blocks found" value={String(shares.blocks)} note="since the start" />
      <Stat
        name="Luck"
        value={expected === 0 ? '–' : `${((shares.blocks / expected) * 100).toFixed(0)} %`}
        note={`${expected.toFixed(2)} expected by work`}
      />
      <Stat name="A block takes" value={Number.isNaN(blockMs) ? '–' : duration(blockMs)} note="on average" />
      <Stat
        name="Tip"
        value={tip === null ? '–' : ago(tip.at, now)}
        note={tip === null ? undefined : `difficulty ${short(tip.network_difficulty)}`}
      />
    </Stats>
  )
}

function Blocks({ when, now }: { readonly when: string; readonly now: number }) {
  const { answer } = useReading<Page<Block>>('blocks?limit=50', { everyMs: 10_000, when })
  return (
    <Card title="Blocks">
      <Table
        name="Blocks"
        rows={answer?.items ?? []}
        keyOf={({ hash }) => hash}
        empty="No block has been found yet."
        columns={[
          {
            name: 'Block',
            cell: ({ hash, height }) => (
              <code title={hash}>{`${height === null ? '' : `${height} · `}${brief(hash)}`}</code>
            ),
          },
          { name: 'When', cell: ({ at }) => <span title={moment(at)}>{ago(at, now)}</span> },
          {
            name: 'State',
            cell: ({ state }) => (
              <Badge tone={state === 'confirmed' ? 'good' : state === 'orphaned' ? 'bad' : 'plain'}>
                {state}
              </Badge>
            ),
          },
          { name: 'Pays', isNumber: true, cell: ({ total_sat: sat }) => (sat === null ? '–' : bitcoin(sat)) },
          {
            name: 'Found by',
            cell: ({ account, worker }) => (
              <span class="name">{worker === '' ? account : `${account}.${worker}`}</span>
            ),
          },
        ]}
      />
    </Card>
  )
}

function DistributionCard({ when, now }: { readonly when: string; readonly now: number }) {
  const { answer } = useReading<Distribution>('distribution', { everyMs: 10_000, when })
  if (answer === undefined) return null
  return (
    <Card title="Distribution of the next block">
      <p class="note">
        Number {answer.id}
        {answer.at === null ? '' : `, made ${ago(answer.at, now)}`}. The block pays{' '}
        {bitcoin(answer.value_sat)}.
      </p>
      <Table
        name="Distribution"
        rows={answer.payouts}
        keyOf={({ script }) => script}
        empty="Nobody is listed yet: the pool is paid."
        columns={[
          { name: 'Account', cell: ({ account }) => <span class="name">{account}</span> },
          {
            name: 'Part',
            isNumber: true,
            cell: ({ expected_sat: sat }) =>
              answer.value_sat === 0 ? '–' : `${((sat * 100) / answer.value_sat).toFixed(2)} %`,
          },
          { name: 'Pays', isNumber: true, cell: ({ expected_sat: sat }) => bitcoin(sat) },
        ]}
      />
    </Card>
  )
}

function Balances({ when }: { readonly when: string }) {
  const { answer } = useReading<Page<Balance>>('balances?limit=500', { everyMs: 10_000, when })
  if (answer === undefined) return null
  const rows = [...answer.items].sort((a, b) => Math.abs(b.balance_sat) - Math.abs(a.balance_sat))
  return (
    <Card title="Balances">
      <p class="note">
        Earned by confirmed blocks, and not in their coinbases: later blocks pay it, or a payment of the pool.
      </p>
      <Table
        name="Balances"
        rows={rows}
        keyOf={({ account }) => account}
        empty="Nobody is owed anything beyond the next block."
        columns={[
          { name: 'Account', cell: ({ account }) => <span class="name">{account}</span> },
          { name: 'Balance', isNumber: true, cell: ({ balance_sat: sat }) => bitcoin(sat) },
        ]}
      />
      {answer.next !== null && <p class="note">The first 500 accounts are shown.</p>}
    </Card>
  )
}

/** What the journal says of itself in the numbers for Prometheus, and what they are multiplied with to be shown. */
const JOURNAL_METRICS = [
  ['sv2_pool_journal_waiting_shares', 'Shares not on disk yet', 1],
  ['sv2_pool_journal_flush_seconds', 'Last flush, ms', 1_000],
  ['sv2_pool_journal_lag_seconds', 'Waiting for the disk, ms', 1_000],
  ['sv2_pool_journal_refused_shares_total', 'Shares the disk refused', 1],
  ['sv2_pool_journal_failing', 'Disk refuses (1: yes)', 1],
] as const

function Journal({ when, now }: { readonly when: string; readonly now: number }) {
  const metrics = useMetrics()
  const { answer } = useReading<Page<Segment>>('audit/segments?limit=20', { everyMs: 30_000, when })
  const known = JOURNAL_METRICS.flatMap(([name, text, factor]) => {
    const value = metrics.get(name)
    return value === undefined ? [] : [[text, value * factor] as const]
  })
  if (known.length === 0 && answer === undefined) return null
  return (
    <Card title="Journal">
      <Stats>
        {known.map(([text, value]) => (
          <Stat key={text} name={text} value={short(value)} />
        ))}
      </Stats>
      {answer !== undefined && (
        <Table
          name="Segments"
          rows={answer.items}
          keyOf={({ node, number }) => `${node}/${number}`}
          empty="No segment is closed yet."
          columns={[
            { name: 'Segment', cell: ({ node, number }) => `${node} / ${number}` },
            { name: 'Records', isNumber: true, cell: ({ records }) => short(records) },
            {
              name: 'Closed',
              cell: ({ closed_at: at, kept }) =>
                `${at === null ? 'open' : ago(at, now)}${kept ? '' : ', not kept'}`,
            },
            { name: 'Root', cell: ({ root }) => <code>{root === null ? '–' : brief(root)}</code> },
          ]}
        />
      )}
    </Card>
  )
}

function Doors({ node }: { readonly node: Node }) {
  return (
    <Card title="Doors">
      <Table
        name="Doors"
        rows={node.doors}
        keyOf={(url) => url}
        empty="No door is open yet."
        columns={[{ name: 'Point miners here', cell: (url) => <code class="whole">{url}</code> }]}
      />
    </Card>
  )
}

/** Numbers without labels from `/metrics`. */
function useMetrics(): ReadonlyMap<string, number> {
  const [metrics, setMetrics] = useState<ReadonlyMap<string, number>>(new Map())
  useEffect(() => {
    const read = async () => {
      const answer = await fetch('./metrics').catch(() => undefined)
      if (answer?.ok !== true) return
      const text = await answer.text()
      const lines = text.matchAll(/^(sv2_pool_journal_\w+)(?:\{app="[^"]*"\})? (\S+)$/gm)
      setMetrics(new Map([...lines].map(([, name = '', value]) => [name, Number(value)])))
    }
    void read()
    const timer = setInterval(read, 5_000)
    return () => clearInterval(timer)
  }, [])
  return metrics
}
