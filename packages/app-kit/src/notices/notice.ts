/** Something that a person wants to hear of. */
export interface Notice {
  /** A word for programs. */
  readonly kind:
    | 'workerSilent'
    | 'hashrateFell'
    | 'sharesRefused'
    | 'noWork'
    | 'diskLow'
    | 'journalLag'
    | 'nodeBehind'
    | 'blockFound'
    | 'blockOrphaned'
    | 'test'
  /** `raised`: from now on; `cleared`: not any more; `happened`: once. */
  readonly state: 'raised' | 'cleared' | 'happened'
  /** For people. Holds names that miners gave, without control characters. */
  readonly text: string
  /** Unix ms. */
  readonly at: number
  /** Name of the app that tells it. */
  readonly from: string
}

/** Something that holds for a while: told once when it begins, and once when it is over. */
export interface Condition {
  readonly kind: Notice['kind']
  /** Tells conditions of one kind apart. */
  readonly about: string
  readonly text: string
}
