import { spawn } from 'node:child_process';
import { RuntimeRootError } from './runtime-root-error.ts';

const SAY_SO_AFTER_MS = 300;

export interface BuildLock extends AsyncDisposable {
  readonly file: string;
}

/**
 * Holds an exclusive lock on `file` until disposed of. The lock belongs to a `flock` child that lives as long as our end of
 * its stdin, so it cannot outlive this process, whatever ends it. `onWait` is called once when someone else holds it.
 */
export function takeBuildLock(file: string, onWait: () => void, signal?: AbortSignal): Promise<BuildLock> {
  return new Promise((resolve, reject) => {
    const child = spawn('flock', [file, 'sh', '-c', 'echo locked; exec cat'], { stdio: ['pipe', 'pipe', 'ignore'] });
    const patience = setTimeout(onWait, SAY_SO_AFTER_MS);
    const closed = new Promise<void>((done) => child.once('close', () => done()));
    const fail = (message: string) => {
      clearTimeout(patience);
      reject(new RuntimeRootError('build_failed', `cannot lock ${file}: ${message}`));
    };
    const abort = () => {
      child.kill('SIGKILL');
      fail('stopped while waiting');
    };
    signal?.addEventListener('abort', abort, { once: true });
    child.once('error', (error) => fail(error.message));
    child.once('close', () => fail('flock ended'));
    child.stdin.on('error', () => undefined);
    child.stdout.once('data', () => {
      clearTimeout(patience);
      signal?.removeEventListener('abort', abort);
      resolve({
        file,
        async [Symbol.asyncDispose]() {
          child.stdin.end();
          await closed;
        },
      });
    });
  });
}
