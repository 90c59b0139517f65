import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { imageId } from '../src/docker/image.ts';
import { type BuildImageRequest, buildSandboxImage, Engine, ensureSandboxImage } from '../src/docker/index.ts';
import { SupervisedSandbox } from '../src/index.ts';
import type { RootRecipe } from '../src/runtime-root/index.ts';
import { startDockerLauncher } from '../src/testing/start-docker-launcher.ts';
import { testRoot } from '../src/testing/start-test-sandbox.ts';
import { c, sh } from './support/programs.ts';
import { endingOf, onlyRun, stdoutOf } from './support/use-sandbox.ts';

/** All packages are in the base, so that the build of the packages needs no network. */
const RECIPE: RootRecipe = {
  debianPackages: ['python3'],
  npmPackages: { ms: '2.1.3' },
  // Never the same, so that nothing of a former run is taken for it.
  files: { 'opt/runyard/tool/word': 'prepared "$HOME" \\\n', 'opt/runyard/tool/run': randomUUID() },
  prepare: [
    ['sh', '-c', 'cat /opt/runyard/tool/word > /etc/prepared\necho "$HOME $(pwd)" >> /etc/prepared; touch /tmp/left'],
    ['chmod', 'u+s', '/usr/bin/env'],
  ],
  versionCommands: { compiler: ['gcc', '--version'], words: ['sh', '-c', 'echo "out \'\\ $0" ; echo err >&2'] },
};

let engine: Engine;
let base = '';
let built = '';
let parts: Awaited<ReturnType<typeof testRoot>> & { diagnostics: string[] };

beforeAll(async () => {
  engine = new Engine(process.env['RUNYARD_TEST_ENGINE'] ?? '');
  parts = { ...(await testRoot()), diagnostics: [] };
  const { root, binaries } = parts;
  await ensureSandboxImage(engine, {
    sandboxImage: null,
    root,
    supervisorPath: binaries.supervisorPath,
    progress: quietly,
  });
  base = `runyard/runtime:${root.id}`;
});

afterAll(async () => {
  const all = await engine.docker.listImages();
  const tags = [built, ...all.flatMap(({ RepoTags: names }) => names ?? []).filter(isBuiltHere)];
  for (const tag of tags) await engine.docker.getImage(tag).remove({ force: true });
});

function isBuiltHere(tag: string): boolean {
  return tag.startsWith('runyard/packages:') || /^runyard\/runtime:.*-/.test(tag);
}

function quietly(): void {
  // Progress is for people.
}

function ask(sandboxImage: string): Promise<string> {
  const { supervisorPath } = parts.binaries;
  return ensureSandboxImage(engine, { sandboxImage, root: null, supervisorPath, progress: quietly });
}

function request(recipe: Partial<RootRecipe>, lines: string[] = []): BuildImageRequest {
  const progress = (line: string) => void lines.push(line);
  return { recipe: { ...RECIPE, ...recipe }, baseImage: base, networkMode: 'host', environment: process.env, progress };
}

describe('an image that the engine builds', () => {
  test('runs programs like the imported root, and says what its toolchains are', async () => {
    const lines: string[] = [];
    const { image, toolchains } = await buildSandboxImage(engine, request({}, lines));
    built = image;
    expect(image).toMatch(/^runyard\/sandbox:[0-9a-f]{16}$/);
    expect(toolchains).toEqual({ compiler: expect.stringMatching(/^gcc .*14/) as unknown, words: "out '\\ sh\nerr" });
    expect(lines).toContainEqual(expect.stringMatching(/^Building runyard\/runtime:/));

    const socket = process.env['RUNYARD_TEST_ENGINE'] ?? '';
    const { launcher } = await startDockerLauncher(socket, parts, { image });
    const sandbox = new SupervisedSandbox(launcher);
    const look =
      'cat /etc/prepared; ls /opt/runyard /opt/runyard/npm/node_modules; find / -xdev -perm /6000 2> /dev/null; ls -A /tmp; whoami; stat -c "%a" /box /tmp /program';
    const run = onlyRun(await sandbox.run(sh(look)));
    expect(stdoutOf(run)).toBe(
      'prepared "$HOME" \\\n/tmp /tmp\n/opt/runyard:\nnpm\nsupervisor\ntool\n\n/opt/runyard/npm/node_modules:\nms\nrunyard\n700\n1777\n755\n',
    );
    expect(endingOf(onlyRun(await sandbox.run(c('int main() { return 7; }'))))).toBe('exited 7');
    await launcher.close();
    expect(parts.diagnostics).toEqual([]);
  });

  test('is not built twice', async () => {
    const first = await buildSandboxImage(engine, request({}));
    const lines: string[] = [];
    expect(await buildSandboxImage(engine, request({}, lines))).toEqual(first);
    expect(lines).toEqual([]);
  });

  test('whose preparation fails is an error with the last words of it, and no image', async () => {
    const failing = request({ prepare: [['sh', '-c', 'echo the reason; exit 3']] });
    await expect(buildSandboxImage(engine, failing)).rejects.toThrow(/the reason[^]*returned a non-zero code: 3/);
    await expect(buildSandboxImage(engine, failing)).rejects.toThrow(/the reason/);
  });

  test('prepares without network', async () => {
    const prepare = [['python3', '-c', 'import socket; socket.create_connection(("1.1.1.1", 53), 2)']];
    await expect(buildSandboxImage(engine, request({ prepare }))).rejects.toThrow(/Network is unreachable/);
  });

  test('of an unknown base fails', async () => {
    const unknown = { ...request({}), baseImage: 'runyard/nothing:1' };
    await expect(buildSandboxImage(engine, unknown)).rejects.toThrow(/runyard\/nothing/);
  });

  test('can be stopped', async () => {
    const stop = new AbortController();
    const slow = { ...request({ prepare: [['sleep', '60']] }), signal: stop.signal };
    const building = buildSandboxImage(engine, slow);
    setTimeout(() => stop.abort(), 1500);
    const startedAt = performance.now();
    await expect(building).rejects.toThrow(/^build runyard\/runtime/);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });
});

describe('the image of the operator', () => {
  test('that declares volumes is refused: they would be disk space without a bound', async () => {
    const container = await engine.docker.createContainer({ Image: base, Cmd: ['/bin/true'] });
    await container.commit({ repo: 'runyard/packages', tag: 'with-volumes', changes: 'VOLUME /data' });
    await container.remove();
    const refusal = 'runyard/packages:with-volumes declares volumes (/data)';
    await expect(imageId(engine, 'runyard/packages:with-volumes')).rejects.toThrow(refusal);
  });

  test('takes the place of the root', async () => {
    expect(await ask(base)).toMatch(/^runyard\/sandbox:[0-9a-f]{16}$/);
  });

  test('must be there', async () => {
    await expect(ask('someone/image:2')).rejects.toThrow(
      'the engine has no image someone/image:2: pull or build it first',
    );
  });
});
