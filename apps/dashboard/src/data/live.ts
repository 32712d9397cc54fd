import { useEffect, useState } from 'preact/hooks'

/** What the live feed says now. */
export interface Live {
  /** `gone`: the node does not answer; the page tries again by itself. */
  readonly state: 'connecting' | 'live' | 'gone'
  /** The last summary; undefined before the first. */
  readonly shares:
    | { readonly accepted: number; readonly hashrate: number; readonly miners: number }
    | undefined
  /** Grows with each block, tip, and worker that left: what was read is to be read again. */
  readonly happenings: number
  /** The last block, tip or worker, in words; empty at first. */
  readonly said: string
}

/** A browser gives up for good at some failures; then a new attempt is made after this time, ms. */
const AGAIN_MS = 2_000
/** Without the summary of each second for so long the node is gone, ms. */
const SILENT_MS = 5_000

/** Follows the live feed for as long as the page stands. */
export function useLive(): Live {
  const [live, setLive] = useState<Live>({ state: 'connecting', shares: undefined, happenings: 0, said: '' })
  useEffect(() => {
    let source: EventSource | undefined
    let again: number | undefined
    let heardAt = Date.now()
    const gone = () => setLive((before) => ({ ...before, state: 'gone' }))
    const happened = (said: string) =>
      setLive((before) => ({ ...before, said, happenings: before.happenings + 1 }))
    const connect = () => {
      source?.close()
      source = new EventSource('./api/v1/events')
      source.addEventListener('shares', ({ data }) => {
        heardAt = Date.now()
        const shares = JSON.parse(data)
        setLive((before) => ({
          ...before,
          state: 'live',
          shares,
          // what was missed meanwhile is not known
          happenings: before.state === 'gone' ? before.happenings + 1 : before.happenings,
        }))
      })
      source.addEventListener('block', ({ data }) => happened(`block ${JSON.parse(data).hash}`))
      source.addEventListener('tip', () => happened('new tip'))
      source.addEventListener('workerGone', ({ data }) => {
        const { account, worker } = JSON.parse(data)
        happened(`worker left: ${account}${worker === '' ? '' : `.${worker}`}`)
      })
      source.addEventListener('error', () => {
        gone()
        if (source?.readyState !== EventSource.CLOSED) return
        clearTimeout(again)
        again = setTimeout(connect, AGAIN_MS)
      })
    }
    connect()
    const watch = setInterval(() => {
      if (Date.now() - heardAt > SILENT_MS) gone()
    }, 1_000)
    return () => {
      source?.close()
      clearTimeout(again)
      clearInterval(watch)
    }
  }, [])
  return live
}
