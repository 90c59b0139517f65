import type { StepOutput } from '@runyard/sandbox';
import { outputKey, type OutputStream } from '@runyard/shared/domain';
import type { ArtifactStore } from '@runyard/shared/ports';
import type { StoredOutput } from './translation/outcome.ts';

/**
 * Stores what a job printed under the keys of this attempt. No output, no object. When only one stream was used it is the
 * combined output byte for byte, so its path names the same object instead of storing the bytes twice.
 */
export async function storeOutput(
  artifacts: ArtifactStore,
  { executionId, attempt }: { executionId: string; attempt: number },
  output: StepOutput,
): Promise<StoredOutput> {
  if (output.combined.length === 0) return { outputPath: null, stdoutPath: null, stderrPath: null };
  const put = (stream: OutputStream): Promise<string> =>
    artifacts.put(outputKey(executionId, attempt, stream), output[stream], {
      contentType: 'text/plain; charset=utf-8',
    });

  if (output.stdout.length > 0 && output.stderr.length > 0) {
    const [outputPath, stdoutPath, stderrPath] = await Promise.all([put('combined'), put('stdout'), put('stderr')]);
    return { outputPath, stdoutPath, stderrPath };
  }
  const outputPath = await put('combined');
  return {
    outputPath,
    stdoutPath: output.stdout.length > 0 ? outputPath : null,
    stderrPath: output.stderr.length > 0 ? outputPath : null,
  };
}
