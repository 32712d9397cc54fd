import { useEffect, useState } from 'preact/hooks'

/** What was read of a resource. */
export interface Reading<Answer> {
  /** The last answer; undefined before the first, and where there is no such thing. */
  readonly answer: Answer | undefined
  /** There is no such thing. */
  readonly isMissing: boolean
  /** Nothing was read yet. */
  readonly isWaiting: boolean
}

const NOTHING = { answer: undefined, isMissing: false, isWaiting: true }

/**
 * Reads a resource now, again and again, and whenever `when` changes. What was read stays while the node is gone.
 * @param path below `/api/v1`; undefined: nothing is read
 */
export function useReading<Answer>(
  path: string | undefined,
  { everyMs, when }: { readonly everyMs: number; readonly when: unknown },
): Reading<Answer> {
  const [reading, setReading] = useState<Reading<Answer> & { readonly path?: string | undefined }>(NOTHING)
  // `when` says that there is something new
  useEffect(() => {
    if (path === undefined) return
    const stop = new AbortController()
    const read = async () => {
      try {
        const answer = await fetch(`./api/v1/${path}`, { signal: stop.signal })
        if (answer.status === 404)
          return setReading({ path, answer: undefined, isMissing: true, isWaiting: false })
        if (!answer.ok) return
        setReading({ path, answer: await answer.json(), isMissing: false, isWaiting: false })
      } catch {
        // the live feed says that the node is gone
      }
    }
    void read()
    const timer = setInterval(read, everyMs)
    return () => {
      stop.abort()
      clearInterval(timer)
    }
  }, [path, everyMs, when])
  return reading.path === path ? reading : NOTHING
}

/** A path of the API from its parts, each escaped. */
export function pathOf(...parts: readonly string[]): string {
  return parts.map(encodeURIComponent).join('/')
}
