export type { ProviderFact, SubmitBlock } from './facts.ts'
export type { NodeTemplate, NodeTransaction } from './node-template.ts'
export { Provider, type ProviderEffect, type ProviderEvent, type ProviderSettings } from './provider.ts'
export { reservedWeight } from './selection.ts'
