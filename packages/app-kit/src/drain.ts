import type { Scope } from './scope.ts'

/** Time for farewell messages to go out, ms. */
const FAREWELL_MS = 300

/** Where peers are sent: an empty host and port 0 send them back here. */
export interface Elsewhere {
  readonly host: string
  readonly port: number
}

const BACK: Elsewhere = { host: '', port: 0 }

/** Lets an engine's role take leave of its peers when the app ends, and waits until that has gone out. */
export function drainAtEnd(
  scope: Pick<Scope, 'own'>,
  engine: { tell(event: { readonly kind: 'drain' } & Elsewhere): void },
  where: Elsewhere = BACK,
): void {
  scope.own('miners', () => {
    engine.tell({ kind: 'drain', ...where })
    return new Promise((resolve) => setTimeout(resolve, FAREWELL_MS))
  })
}
