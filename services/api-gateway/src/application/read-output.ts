import type { FinalJob } from '@runyard/shared/domain';
import type { ArtifactStore } from '@runyard/shared/ports';

/** What a person would have seen on a terminal: the compiler's text when it refused, else both streams as they came. */
export async function readOutput(job: FinalJob, artifacts: ArtifactStore): Promise<string> {
  const { outputPath, compile, verdict } = job.outcome;
  if (verdict === 'compile_error' && compile !== null) return compile.output;
  const bytes = outputPath === null ? null : await artifacts.get(outputPath);
  return bytes === null ? '' : new TextDecoder().decode(bytes);
}
