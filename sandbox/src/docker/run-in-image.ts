import { ROOT_PATH } from '../runtime-root/recipe.ts';
import { LABEL } from './create-body.ts';
import { withDeadline } from './deadline.ts';
import { Demultiplexer } from './demultiplexer.ts';
import type { Engine } from './engine.ts';

const RUN_MS = 60_000;
const MAX_TEXT_BYTES = 64 * 1024;

/** What a trusted command of ours prints in a container of the image, without network: stdout, then stderr. Throws EngineError. */
export async function runInImage(engine: Engine, image: string, argv: readonly string[]): Promise<string> {
  const create = () =>
    engine.docker.createContainer({
      Image: image,
      Entrypoint: [],
      Cmd: [...argv],
      Env: [`PATH=${ROOT_PATH}`, 'HOME=/tmp', 'LANG=C.UTF-8'],
      NetworkDisabled: true,
      Labels: { [LABEL.sandbox]: 'version', [LABEL.expires]: String(Date.now() + 2 * RUN_MS) },
      HostConfig: { NetworkMode: 'none', LogConfig: { Type: 'none', Config: {} }, CapDrop: ['ALL'] },
    });
  const what = `run ${argv.join(' ').slice(0, 80)} in ${image}`;
  const container = await withDeadline(what, RUN_MS, create);
  try {
    const stream = await engine.attach(container);
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    const demultiplexer = new Demultiplexer({
      stdout: (data) => void stdout.push(Buffer.from(data)),
      stderr: (data) => void stderr.push(Buffer.from(data)),
    });
    const ended = new Promise<void>((resolve) => {
      stream.on('error', () => resolve());
      stream.on('close', () => resolve());
      stream.on('end', () => resolve());
    });
    stream.on('data', (chunk: Buffer) => demultiplexer.push(chunk));
    await engine.start(container);
    stream.end();
    await withDeadline(what, RUN_MS, () => ended);
    stream.destroy();
    return Buffer.concat([...stdout, ...stderr])
      .subarray(0, MAX_TEXT_BYTES)
      .toString('utf8');
  } finally {
    await engine.remove(container);
  }
}
