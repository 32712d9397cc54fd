/** A pool and the negotiator server that belongs to it, as far as mining there is concerned. */
export type PairState =
  /** Not both of its connections are set up. */
  | 'away'
  /** Both are; it owes a channel and a first token. */
  | 'opening'
  /** It can be given a job. */
  | 'ready'
  /** Miners work for it, and it has not acknowledged a job of the present turn. */
  | 'proposing'
  /** It has. */
  | 'mining'
  /** It refused a job as long as its view of the chain may be another than ours. */
  | 'racing'
  /** It was left, and is not asked again yet. */
  | 'barred'

/** Why a pair is left, whatever a code says (ERR-04, JDC-10, JNC-09). */
export type PairFault =
  /** It does not open a channel, or closes it. */
  | 'channelDenied'
  /** No token came in time. */
  | 'noToken'
  /** It refused a proposal or a custom job. */
  | 'jobRefused'
  /** It left a request or shares without an answer. */
  | 'unanswered'
  /** It refused valid shares of a job it had acknowledged. */
  | 'sharesRefused'
  /** Its view of the chain stayed another than ours. */
  | 'raceLost'
  /** It does not take us, or breaks the protocol. */
  | 'unusable'

/** What happens to a pair. */
export type PairEvent =
  | 'connected'
  | 'lost'
  | 'opened'
  | 'proposed'
  | 'acknowledged'
  | 'raced'
  /** Another one is worked for now. */
  | 'left'
  /** It may be asked again. */
  | 'pardoned'
  | PairFault

/** From every state in which it is asked for something, each fault leads away from the pair. */
const FAULTS = {
  channelDenied: 'barred',
  noToken: 'barred',
  jobRefused: 'barred',
  unanswered: 'barred',
  sharesRefused: 'barred',
  raceLost: 'barred',
  unusable: 'barred',
} as const satisfies Record<PairFault, PairState>

/** The whole of it: what is not in the table changes nothing. */
export const TRANSITIONS: Readonly<Record<PairState, Readonly<Partial<Record<PairEvent, PairState>>>>> = {
  away: { connected: 'opening', unanswered: 'barred', unusable: 'barred' },
  opening: { opened: 'ready', lost: 'away', ...FAULTS },
  ready: { proposed: 'proposing', lost: 'away', ...FAULTS },
  proposing: { acknowledged: 'mining', raced: 'racing', left: 'ready', lost: 'away', ...FAULTS },
  mining: { raced: 'racing', left: 'ready', lost: 'away', ...FAULTS },
  racing: { acknowledged: 'mining', left: 'ready', lost: 'away', ...FAULTS },
  barred: { pardoned: 'away' },
}

/** The state after an event. */
export function nextState(state: PairState, event: PairEvent): PairState {
  return TRANSITIONS[state][event] ?? state
}
