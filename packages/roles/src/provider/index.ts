export type { KeepTemplate, ProviderFact, RoomWanted, SubmitBlock } from './facts.ts'
export { Provider, type ProviderEffect, type ProviderEvent, type ProviderSettings } from './provider.ts'
export { reservedWeight } from './selection.ts'
export type { SolvableTemplate } from './template.ts'
