import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { HostRefusal, LauncherFailure, NativeLauncher } from '../src/native/index.ts';
import { startNative } from './testing/native-launcher-fixtures.ts';
import { useNative } from './testing/use-native.ts';

const it = useNative();

describe('a daemon that cannot work here', () => {
  test.each([
    ['a root without mount points', { rootDir: '/usr' }, 'the runtime root /usr has no folder /box'],
    ['a missing supervisor', { supervisorPath: '/nowhere/x' }, 'cannot open the supervisor /nowhere/x: No such file'],
    [
      'a supervisor that is none',
      { supervisorPath: '/etc/passwd' },
      'the supervisor /etc/passwd is no executable file',
    ],
  ])('refuses %s by name', async (_, change, sentence) => {
    const starting = startNative({ ...it.setups.real, ...change }, it.stateDir);
    await expect(starting).rejects.toThrow(sentence);
    await expect(starting).rejects.toBeInstanceOf(HostRefusal);
    await expect(starting).rejects.toMatchObject({ exitCode: 78 });
  });

  // Each makes a host of another sort in a mount namespace of its own, or takes rights away, and becomes the launcher there.
  test.each([
    [
      'a host with cgroup v2 that does not give its controllers away',
      `umount /sys/fs/cgroup/* 2>/dev/null; mkdir -p /sys/fs/cgroup/v2 && mount -t cgroup2 none /sys/fs/cgroup/v2
       echo cpu memory pids >/tmp/controllers && mount --bind /tmp/controllers /sys/fs/cgroup/v2/cgroup.controllers`,
      'cannot enforce limits: cgroup v2 at /sys/fs/cgroup/v2: share out memory, pids and cpu (cgroup.subtree_control): No such file',
    ],
    [
      'a host without some controllers',
      'umount /sys/fs/cgroup/pids /sys/fs/cgroup/cpuacct',
      'cannot enforce limits: no cgroup hierarchy is mounted for pids, cpuacct',
    ],
    [
      'control groups that cannot be written',
      'mount -o remount,bind,ro /sys/fs/cgroup/memory',
      'cannot enforce limits: control group: Read-only file system',
    ],
    ['a user who is not root', 'set -- setpriv --reuid 1000 "$@"', 'the native launcher must run as root'],
    [
      'a root without CAP_SYS_ADMIN',
      'set -- setpriv --bounding-set -sys_admin "$@"',
      'cannot prepare the runtime root: unshare: Operation not permitted',
    ],
    [
      'too few open files, where the limit cannot be raised',
      'set -- setpriv --bounding-set -sys_resource prlimit --nofile=1024:1024 "$@"',
      'the hard limit of open files is too low on this host (ulimit -H) and cannot be raised',
    ],
  ])('refuses %s', async (_, prepare, sentence) => {
    const wrapper = path.join(it.stateDir, 'wrapper');
    const script = `mount -t tmpfs none /tmp; ${prepare}\nexec "$@"`;
    writeFileSync(wrapper, `#!/bin/sh\nexec unshare -m sh -c '${script}' sh ${it.setups.real.launcherPath} "$@"\n`, {
      mode: 0o755,
    });
    const starting = startNative({ ...it.setups.real, launcherPath: wrapper }, it.stateDir);
    await expect(starting).rejects.toThrow(sentence);
    await expect(starting).rejects.toBeInstanceOf(HostRefusal);
  });

  test('that is no launcher is a failure, not a refusal', async () => {
    for (const [launcherPath, message] of [
      ['/bin/false', 'ended with exit code 1 before it was ready'],
      ['/nowhere/launcher', 'ended with exit code 127 before it was ready'],
      ['/bin/echo', 'began with'],
    ] as const) {
      const starting = NativeLauncher.start({ ...it.setups.real, launcherPath, stateDir: it.stateDir });
      await expect(starting).rejects.toBeInstanceOf(LauncherFailure);
      await expect(starting).rejects.toThrow(message);
    }
    const silent = NativeLauncher.start({
      ...it.setups.real,
      launcherPath: '/usr/bin/yes',
      stateDir: it.stateDir,
      readyMs: 100,
    });
    await expect(silent).rejects.toBeInstanceOf(LauncherFailure);
  });
});
