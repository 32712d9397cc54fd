export { type AppName, AppProcess, runCommand } from '@sv2/topology'
