/** Runs programs in isolation. Knows nothing of jobs, queues or HTTP. */
export { DEFAULT_MARGINS } from './deadlines.ts';
export type { Margins } from './deadlines.ts';
export { InvalidPlanError } from './invalid-plan-error.ts';
export type { CompilePlan, PlanFile, SandboxLimits, SandboxPlan, StepPlan } from './plan.ts';
export type { SandboxFailure, SandboxReport, StepEnding, StepOutput, StepReport, StepUsage } from './report.ts';
export type { Launcher, Place, PlaceLimits, Sandbox } from './sandbox.ts';
export { SupervisedSandbox } from './supervised-sandbox.ts';
export type { SupervisedSandboxOptions } from './supervised-sandbox.ts';
