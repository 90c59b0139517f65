import type { CompilePlan, SandboxPlan, StepPlan } from '@runyard/sandbox';
import { BASE_ENVIRONMENT, type JobLimits, type JobSource, type Language, runCommand } from '@runyard/shared/domain';

const SOURCE_FILE_MODE = 0o644;

/** Turns a job into what the sandbox is to do. The submitter's variables are for the program, not for the compiler. */
export function planFor(language: Language, limits: JobLimits, source: JobSource): SandboxPlan {
  const toolEnvironment = { ...BASE_ENVIRONMENT, ...language.environment };
  const run: StepPlan = {
    argv: [...runCommand(language, limits.run.memoryBytes), ...source.args],
    env: { ...toolEnvironment, ...source.env },
    stdin: stdinOf(source),
    limits: limits.run,
  };
  return {
    files: [{ path: language.sourceFile, mode: SOURCE_FILE_MODE, content: Buffer.from(source.code, 'utf8') }],
    ...(language.compile === null ? {} : { compile: compileStep(language.compile, toolEnvironment, limits) }),
    runs: [run],
  };
}

function compileStep(
  compile: NonNullable<Language['compile']>,
  env: Readonly<Record<string, string>>,
  limits: JobLimits,
): CompilePlan {
  return { argv: compile.argv, env, stdin: new Uint8Array(0), limits: limits.compile, outputs: compile.outputs };
}

function stdinOf(source: JobSource): Uint8Array {
  return Buffer.from(source.input, source.inputEncoding === 'base64' ? 'base64' : 'utf8');
}
