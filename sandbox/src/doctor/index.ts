export type { CheckLevel, CheckStatus, Finding } from './check.ts';
export { advisedLine, checkHost, type CheckHostOptions, startupRefusal } from './check-host.ts';
export { type HostReport, refusals } from './judge.ts';
export { hostReportText } from './report-text.ts';
export {
  HOST_PROBE,
  postureKindOf,
  type PostureResult,
  postureText,
  sentryProbe,
  takePosture,
} from './posture/take-posture.ts';
