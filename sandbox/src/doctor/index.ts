export type { CheckLevel, CheckStatus, Finding } from './check.ts';
export { advisedLine, checkHost, type CheckHostOptions, startupProblems } from './check-host.ts';
export { type HostReport, refusals } from './judge.ts';
export { hostReportText } from './report-text.ts';
