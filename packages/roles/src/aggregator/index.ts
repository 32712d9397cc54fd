export { Aggregator, type AggregatorEvent } from './aggregator.ts'
