export { Device, type DeviceEffect, type DeviceEvent, type DeviceSettings } from './device.ts'
export type { DeviceCommand, DeviceFact } from './facts.ts'
export { type FoundShare, latestNtime } from './found-share.ts'
export { rootOf, type Work } from './work.ts'
