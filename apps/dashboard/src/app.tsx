import { useEffect, useState } from 'preact/hooks'
import { type Live, useLive } from './data/live.ts'
import { useReading } from './data/read.ts'
import type { Node } from './data/shapes.ts'
import { duration, hashrate } from './data/words.ts'
import { FarmPage } from './pages/farm.tsx'
import { MinerPage } from './pages/miner.tsx'
import { OperatorPage } from './pages/operator.tsx'
import { Badge } from './parts/parts.tsx'

const PAGES = [
  ['miner', 'Miner'],
  ['farm', 'Farm'],
  ['operator', 'Operator'],
] as const

/** What every page is given. */
export interface PageProps {
  readonly node: Node | undefined
  readonly live: Live
  /** Of this browser, Unix ms; moves on each second. */
  readonly now: number
  /** What stands behind the page in the address: an account. */
  readonly rest: string
}

/** The page that the address names. */
export function App() {
  const live = useLive()
  const { answer: node } = useReading<Node>('pool', {
    everyMs: 5_000,
    when: `${live.happenings} ${live.state}`,
  })
  const now = useNow()
  const [page, rest] = usePlace(node)
  useEffect(() => {
    document.title = `${PAGES.find(([name]) => name === page)?.[1] ?? 'sv2'} · ${node?.role ?? 'sv2'}`
  }, [page, node?.role])
  const props = { node, live, now, rest }
  return (
    <>
      <a class="skip" href="#content">
        Skip to the content
      </a>
      <header class="top">
        <span class="brand">
          sv2 <small>{node?.role ?? ''}</small>
        </span>
        <nav aria-label="Pages">
          {PAGES.map(([name, text]) => (
            <a key={name} href={`#/${name}`} aria-current={name === page ? 'page' : undefined}>
              {text}
            </a>
          ))}
        </nav>
        <Status live={live} node={node} />
      </header>
      <main id="content" tabIndex={-1}>
        {live.state === 'gone' && (
          <p class="notice" role="alert">
            The {node?.role ?? 'node'} does not answer. What you see is from{' '}
            {duration(now - (node?.now ?? now))} ago; the page tries again by itself.
          </p>
        )}
        {page === 'farm' ? (
          <FarmPage {...props} />
        ) : page === 'operator' ? (
          <OperatorPage {...props} />
        ) : (
          <MinerPage {...props} />
        )}
      </main>
      <footer>
        <a href="./api/v1/openapi.json">API</a>
        <a href="./metrics">Metrics</a>
        <span>
          {node?.network ?? ''} {node?.version ?? ''}
        </span>
      </footer>
    </>
  )
}

function Status({ live, node }: { readonly live: Live; readonly node: Node | undefined }) {
  const word = live.state === 'live' ? (node?.ok === false ? 'no work' : 'live') : live.state
  const tone = word === 'live' ? 'good' : word === 'connecting' ? 'plain' : 'bad'
  return (
    <p class="status" role="status">
      <Badge tone={tone}>{word}</Badge>
      {live.shares !== undefined && live.state === 'live' && (
        <span class="numbers">
          {hashrate(live.shares.hashrate)} · {live.shares.accepted} shares
        </span>
      )}
    </p>
  )
}

function useNow(): number {
  const [now, setNow] = useState(Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000)
    return () => clearInterval(timer)
  }, [])
  return now
}

/** The page in the address, `#/miner/ADDRESS`; at first that of the role. */
function usePlace(node: Node | undefined): readonly [page: string, rest: string] {
  const [hash, setHash] = useState(location.hash)
  useEffect(() => {
    const moved = () => setHash(location.hash)
    addEventListener('hashchange', moved)
    return () => removeEventListener('hashchange', moved)
  }, [])
  const [, page = '', ...rest] = hash.split('/')
  const known = PAGES.some(([name]) => name === page)
  if (known) return [page, decoded(rest.join('/'))]
  return [node === undefined || node.role === 'pool' ? 'miner' : 'farm', '']
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
