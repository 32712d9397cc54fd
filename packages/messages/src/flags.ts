/** `SetupConnection.flags` of the mining protocol. docs/wire.md §4.2.1. */
export const MINING_SETUP_FLAGS = {
  /** The client needs standard jobs and no group channels. */
  REQUIRES_STANDARD_JOBS: 1 << 0,
  /** The client will send SetCustomMiningJob. */
  REQUIRES_WORK_SELECTION: 1 << 1,
  /** The client must not get jobs without version rolling. */
  REQUIRES_VERSION_ROLLING: 1 << 2,
} as const

/** `SetupConnection.Success.flags` of the mining protocol. docs/wire.md §4.2.1. */
export const MINING_SUCCESS_FLAGS = {
  /** The server takes no change of the version field. */
  REQUIRES_FIXED_VERSION: 1 << 0,
  /** The server opens no standard channels. */
  REQUIRES_EXTENDED_CHANNELS: 1 << 1,
} as const

/** `SetupConnection.flags` of job declaration: current edition. docs/wire.md §4.3.1. */
export const DECLARATION_SETUP_FLAGS = {
  /** The client is willing to reveal transaction data (Full-Template mode). */
  DECLARE_TX_DATA: 1 << 0,
} as const

/** `SetupConnection.flags` of job negotiation: the same bit, another meaning. docs/wire.md §4.3.1. */
export const NEGOTIATION_SETUP_FLAGS = {
  /** The client wants tokens it may use before the job is accepted. */
  REQUIRES_ASYNC_JOB_MINING: 1 << 0,
} as const
