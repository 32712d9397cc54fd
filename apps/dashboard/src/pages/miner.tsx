import { useState } from 'preact/hooks'
import type { PageProps } from '../app.tsx'
import { pathOf, useReading } from '../data/read.ts'
import type { Account, Coinbase, Earning, History, Page, Worker } from '../data/shapes.ts'
import { ago, bitcoin, brief, duration, hashrate, moment, refusedPart, short } from '../data/words.ts'
import { HashrateChart } from '../parts/chart.tsx'
import { Badge, Card, Choice, Refused, Stat, Stats, Table } from '../parts/parts.tsx'

/** Where the browser keeps the account that was looked at last. */
const KEPT = 'sv2-account'
const DAY_MS = 86_400_000
const SPANS = [
  ['hour', '1 h'],
  ['day', '24 h'],
] as const

/** What a miner sees: paste an address, see all that is known of it. */
export function MinerPage(props: PageProps) {
  const account = props.rest === '' ? (localStorage.getItem(KEPT) ?? '') : props.rest
  return (
    <>
      <h1>Miner</h1>
      <form
        class="ask"
        key={account}
        onSubmit={(event) => {
          event.preventDefault()
          const asked = String(new FormData(event.currentTarget).get('account') ?? '').trim()
          localStorage.setItem(KEPT, asked)
          location.hash = `#/miner/${encodeURIComponent(asked)}`
        }}
      >
        <label for="account">Your address, or the account name in front of the dot</label>
        <span>
          <input id="account" name="account" defaultValue={account} autocomplete="off" spellcheck={false} />
          <button type="submit">Show</button>
        </span>
      </form>
      {account === '' ? (
        <p class="empty">Paste the address that your miner uses as its user name.</p>
      ) : (
        <AccountView key={account} name={account} {...props} />
      )}
    </>
  )
}

function AccountView({ name, live, now, node }: PageProps & { readonly name: string }) {
  const path = pathOf('accounts', name)
  const when = `${live.happenings} ${live.state}`
  const { answer: account, isMissing } = useReading<Account>(path, { everyMs: 2_000, when })
  if (isMissing)
    return (
      <p class="empty">
        Nothing is known of this account here. It appears with the first connection of a miner that uses it.
      </p>
    )
  if (account === undefined) return <p class="empty">Reading …</p>
  return (
    <>
      <Summary account={account} now={now} />
      <HashrateCard path={path} when={when} />
      <Workers path={path} when={when} now={now} />
      {node?.pays === true && <Earnings path={path} when={when} account={account} />}
      <CoinbaseCard path={path} when={when} />
    </>
  )
}

function Summary({ account, now }: { readonly account: Account; readonly now: number }) {
  const { hashrate: rates, shares, odds_per_day: odds, books } = account
  return (
    <Stats>
      <Stat name="Hash rate, 10 min" value={hashrate(rates.ten_minutes)} />
      <Stat name="1 h" value={hashrate(rates.hour)} />
      <Stat name="24 h" value={hashrate(rates.day)} />
      <Stat name="Shares" value={short(shares.accepted)} note={`last ${ago(shares.last_share_at, now)}`} />
      <Stat
        name="Refused"
        value={refusedPart(shares)}
        note={shares.refused === 0 ? undefined : `${shares.refused} of ${shares.accepted + shares.refused}`}
        tone={shares.refused * 20 > shares.accepted + shares.refused ? 'bad' : undefined}
      />
      <Stat name="Best share" value={short(shares.best)} note="difficulty" />
      <Stat
        name="A block takes you"
        value={odds === null || odds === 0 ? '–' : duration(DAY_MS / odds)}
        note="on average, at the rate of the last hour"
      />
      {books !== null && (
        <Stat name="Next block pays" value={bitcoin(books.expected_sat)} note="if found now" />
      )}
      {books !== null && (
        <Stat
          name="Owed"
          value={bitcoin(books.balance_sat)}
          tone={books.balance_sat < 0 ? 'bad' : undefined}
        />
      )}
      {books !== null && <Stat name="Paid" value={bitcoin(books.paid_sat)} />}
    </Stats>
  )
}

function HashrateCard({ path, when }: { readonly path: string; readonly when: string }) {
  const [span, setSpan] = useState<'hour' | 'day'>('hour')
  const { answer } = useReading<History>(`${path}/history?span=${span}`, { everyMs: 30_000, when })
  const choice = <Choice name="Span" value={span} values={SPANS} onChange={setSpan} />
  return (
    <Card title="Hash rate" aside={choice}>
      <HashrateChart history={answer} name="Hash rate of this account" />
    </Card>
  )
}

function Workers({
  path,
  when,
  now,
}: {
  readonly path: string
  readonly when: string
  readonly now: number
}) {
  const { answer } = useReading<Page<Worker>>(`${path}/workers?limit=500`, { everyMs: 3_000, when })
  const rows = [...(answer?.items ?? [])].sort(
    (a, b) => Number(b.connected) - Number(a.connected) || b.hashrate.ten_minutes - a.hashrate.ten_minutes,
  )
  return (
    <Card title="Workers">
      <Table
        name="Workers"
        rows={rows}
        keyOf={({ worker }) => worker}
        empty="No worker is connected."
        columns={[
          {
            name: 'Worker',
            cell: ({ worker }) => <span class="name">{worker === '' ? '(no name)' : worker}</span>,
          },
          {
            name: 'State',
            cell: (row) =>
              row.connected ? (
                <Badge tone="good">connected</Badge>
              ) : (
                <Badge tone="bad">{row.left_at === null ? 'away' : `left ${ago(row.left_at, now)}`}</Badge>
              ),
          },
          { name: '10 min', isNumber: true, cell: (row) => hashrate(row.hashrate.ten_minutes) },
          { name: '1 h', isNumber: true, cell: (row) => hashrate(row.hashrate.hour) },
          { name: '24 h', isNumber: true, cell: (row) => hashrate(row.hashrate.day) },
          { name: 'Last share', cell: ({ shares }) => ago(shares.last_share_at, now) },
          { name: 'Shares', isNumber: true, cell: ({ shares }) => short(shares.accepted) },
          { name: 'Refused', cell: ({ shares }) => <Refused shares={shares} /> },
          { name: 'Difficulty', isNumber: true, cell: (row) => short(row.difficulty) },
          { name: 'Best', isNumber: true, cell: ({ shares }) => short(shares.best) },
        ]}
      />
    </Card>
  )
}

function Earnings({
  path,
  when,
  account,
}: {
  readonly path: string
  readonly when: string
  readonly account: Account
}) {
  const { answer } = useReading<Page<Earning>>(`${path}/earnings?limit=50`, { everyMs: 30_000, when })
  const owed = account.books?.balance_sat ?? 0
  return (
    <Card title="Earnings">
      <Table
        name="Earnings"
        rows={answer?.items ?? []}
        keyOf={({ hash }) => hash}
        empty="No block has been found yet since this account came."
        columns={[
          { name: 'Block', cell: ({ hash, height }) => <span title={hash}>{height}</span> },
          { name: 'Earned', isNumber: true, cell: ({ earned_sat: sat }) => bitcoin(sat) },
          { name: 'Paid by the block', isNumber: true, cell: ({ paid_sat: sat }) => bitcoin(sat) },
          {
            name: 'State',
            cell: ({ state }) => (
              <Badge tone={state === 'confirmed' ? 'good' : state === 'orphaned' ? 'bad' : 'warn'}>
                {state}
              </Badge>
            ),
          },
          { name: 'When', cell: ({ at }) => moment(at) },
        ]}
      />
      {owed !== 0 && (
        <p class="note">Earned and not paid yet: {bitcoin(owed)}. It comes with later blocks.</p>
      )}
    </Card>
  )
}

function CoinbaseCard({ path, when }: { readonly path: string; readonly when: string }) {
  const { answer } = useReading<Coinbase>(`${path}/coinbase`, { everyMs: 10_000, when })
  if (answer === undefined) return null
  return (
    <Card title="Coinbase of the present job">
      <p class="note">
        This is what a block would pay that you find now{answer.tag === '' ? '' : `; its text: ${answer.tag}`}
        .
      </p>
      <Table
        name="Outputs"
        rows={answer.outputs.map((output, place) => ({ ...output, place }))}
        keyOf={({ place }) => place}
        empty="The coinbase pays nothing."
        columns={[
          {
            name: 'To',
            cell: ({ address, script, is_own: isOwn }) => (
              <>
                <code class="whole">
                  {address ?? (script.startsWith('6a') ? `data ${brief(script)}` : brief(script))}
                </code>{' '}
                {isOwn && <Badge tone="good">yours</Badge>}
              </>
            ),
          },
          { name: 'Value', isNumber: true, cell: ({ value_sat: sat }) => bitcoin(sat) },
        ]}
      />
    </Card>
  )
}
