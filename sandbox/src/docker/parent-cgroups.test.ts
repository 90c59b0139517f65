import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ParentCgroups } from './parent-cgroups.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'runyard-cgroup-'));
});
afterEach(() => rm(root, { recursive: true }));

async function put(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(root, name)), { recursive: true });
    await writeFile(path.join(root, name), content);
  }
}

describe('the parent cgroup of a container', () => {
  test('of v1: peak and time; its count of OOM kills proves nothing', async () => {
    await put({
      'memory/runyard-docker/a.1/memory.max_usage_in_bytes': '12345\n',
      'memory/runyard-docker/a.1/memory.oom_control': 'oom_kill 0\n',
      'cpuacct/runyard-docker/a.1/cpuacct.usage': '2500000\n',
    });
    const cgroups = await ParentCgroups.of({ cgroupDriver: 'cgroupfs' }, root);
    expect(cgroups.parentOf('a.1')).toBe('/runyard-docker/a.1');
    const usage = { oomKills: null, memoryPeakBytes: 12_345, cpuUs: 2500, pidsPeak: null };
    expect(await cgroups.usage('a.1')).toEqual(usage);
  });

  test('of v2: all of it', async () => {
    await put({
      'cgroup.controllers': 'cpu memory pids\n',
      'runyard-docker/a.1/memory.peak': '12345\n',
      'runyard-docker/a.1/memory.events': 'oom 4\noom_kill 3\noom_group_kill 0\n',
      'runyard-docker/a.1/cpu.stat': 'usage_usec 77\nuser_usec 70\n',
      'runyard-docker/a.1/pids.peak': '5\n',
    });
    const cgroups = await ParentCgroups.of({ cgroupDriver: 'cgroupfs' }, root);
    expect(await cgroups.usage('a.1')).toEqual({ oomKills: 3, memoryPeakBytes: 12_345, cpuUs: 77, pidsPeak: 5 });
  });

  test('that cannot be read says nothing', async () => {
    const cgroups = await ParentCgroups.of({ cgroupDriver: 'cgroupfs' }, path.join(root, 'nothing'));
    const nothing = { oomKills: null, memoryPeakBytes: null, cpuUs: null, pidsPeak: null };
    expect(await cgroups.usage('a.1')).toEqual(nothing);
    expect(await cgroups.remove('a.1')).toBe(true);
    expect(await cgroups.list()).toEqual([]);
  });

  test("is not asked for where the engine's driver takes no paths", async () => {
    const cgroups = await ParentCgroups.of({ cgroupDriver: 'systemd' }, root);
    expect(cgroups.parentOf('a.1')).toBeNull();
  });

  test('its peak starts anew where the container has one', async () => {
    const file = 'memory/runyard-docker/a.1/c0ffee/memory.max_usage_in_bytes';
    await put({ [file]: '9' });
    const cgroups = await ParentCgroups.of({ cgroupDriver: 'cgroupfs' }, root);
    await cgroups.restartPeak('a.1', 'c0ffee');
    expect(await readFile(path.join(root, file), 'utf8')).toBe('0');
    await cgroups.restartPeak('a.2', 'c0ffee');
    expect(await readdir(path.join(root, 'memory/runyard-docker'))).toEqual(['a.1']);
  });

  test('is listed and removed in every hierarchy; one in use is told', async () => {
    await put({ 'memory/runyard-docker/a.2/task': '', 'memory/runyard-docker/cgroup.procs': '' });
    await mkdir(path.join(root, 'memory/runyard-docker/a.1'), { recursive: true });
    await mkdir(path.join(root, 'pids/runyard-docker/a.1'), { recursive: true });
    const cgroups = await ParentCgroups.of({ cgroupDriver: 'cgroupfs' }, root);
    expect([...(await cgroups.list())].toSorted()).toEqual(['a.1', 'a.2']);
    expect(await cgroups.remove('a.1')).toBe(true);
    expect(await cgroups.remove('a.2')).toBe(false);
    expect(await cgroups.list()).toEqual(['a.2']);
  });
});
