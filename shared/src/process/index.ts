export {
  type AdminConfig,
  type AdminServer,
  type AdminServerOptions,
  loadAdminConfig,
  startAdminServer,
} from './admin-server.ts';
export { Counters } from './counters.ts';
export { answers, type ProbeResult, Readiness, type ReadinessProbe, type ReadinessReport } from './readiness.ts';
export { runProcess, type RunningServer } from './run-process.ts';
export { runService, type ServiceContext, type ServiceDefinition } from './run-service.ts';
export { loadServiceConfig, type ServiceConfig } from './service-config.ts';
export { Shutdown } from './shutdown.ts';
export { type Progress, Terminal, type TerminalStream } from './terminal.ts';
