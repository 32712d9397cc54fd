export type { OpenSolution, SolutionEffect } from './client/open-solutions.ts'
export type { MinersFact } from './mining/miners/facts.ts'
export type { MinersSettings } from './mining/miners/state.ts'
export { OWN_OPEN_CODES } from './mining/miners/work-source.ts'
