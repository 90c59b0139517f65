export { loadSandboxConfig, type SandboxConfig } from './config.ts';
export { chooseLauncher, requireArchitecture, type WantedLauncher } from './host.ts';
export { JobNeeds } from './job-needs.ts';
export { sandboxReadiness } from './readiness.ts';
export { SampleRecord } from './sample-record.ts';
export { findEngine } from './set-up-docker.ts';
export { setUpSandbox, type SandboxSetup } from './set-up-sandbox.ts';
export { StartupCheck } from './startup-check.ts';
