import { mkdir, readdir, rm, writeFile, chmod } from 'node:fs/promises';
import path from 'node:path';
import { runCommand } from './command.ts';
import { nameUsers } from './name-users.ts';

const MOUNT_POINTS = ['box', 'program', 'tmp', 'dev', 'proc', 'sys'];

/** Emptied, not removed: caches, logs, and whatever names the building host or its mirror. */
const EMPTIED = ['dev', 'tmp', 'var/tmp', 'var/log', 'var/cache/apt', 'var/lib/apt/lists', 'root', 'etc/apt', 'run'];

const HOSTS = '127.0.0.1 localhost runyard\n::1 localhost ip6-localhost ip6-loopback\n';

/** mmdebstrap copies the host's files of these names; inside a sandbox there is no network and one constant host name. */
const FILES: Readonly<Record<string, string>> = {
  'etc/hosts': HOSTS,
  'etc/hostname': 'runyard\n',
  'etc/resolv.conf': '',
  'etc/machine-id': '',
};

/** Before `prepare`: what commands inside the tree expect. Idempotent. */
export async function finishTree(tree: string): Promise<void> {
  for (const [name, content] of Object.entries(FILES)) {
    const file = path.join(tree, name);
    // A link would make us write through it.
    await rm(file, { force: true });
    await writeFile(file, content);
    await chmod(file, 0o644);
  }
  for (const name of MOUNT_POINTS) {
    await mkdir(path.join(tree, name), { recursive: true });
    await chmod(path.join(tree, name), name === 'tmp' ? 0o1777 : 0o755);
  }
}

/** Content by path inside the tree. */
export async function writeRecipeFiles(tree: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(tree, name)), { recursive: true });
    await writeFile(path.join(tree, name), content);
  }
}

/** After `prepare`, last: nothing may change the tree afterwards. */
export async function sealTree(tree: string, environment: Readonly<Record<string, string>>): Promise<void> {
  for (const name of EMPTIED) await emptyFolder(path.join(tree, name));
  // A program gains no right through a file: the sandbox forbids new privileges, and there is nothing to gain them from.
  const strip = ['find', tree, '-xdev', '-perm', '/6000', '!', '-type', 'l', '-exec', 'chmod', 'ug-s', '{}', '+'];
  await runCommand(strip, { task: 'removing setuid bits', environment });
  await finishTree(tree);
  await nameUsers(tree);
  // What this process made itself has the mode that its own mask left.
  const open = ['chmod', '-R', 'a+rX', path.join(tree, 'opt')];
  await runCommand(open, { task: 'opening the toolchains to every user', environment });
}

async function emptyFolder(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names) await rm(path.join(folder, name), { recursive: true, force: true });
}
