import { runCommand } from './command.ts';

const ENVIRONMENT = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' };

/** Never crosses into another file system, whatever may be mounted below. No error when there is nothing. */
export async function removeTree(folder: string): Promise<void> {
  const argv = ['rm', '-rf', '--one-file-system', '--', folder];
  await runCommand(argv, { task: 'removing leftovers', environment: ENVIRONMENT });
}

/** A rename may reach the disk before the files do: without this a power failure could leave a tree of empty files. */
export async function writeToDisk(folder: string): Promise<void> {
  await runCommand(['sync', '--file-system', folder], { task: 'writing to disk', environment: ENVIRONMENT });
}
