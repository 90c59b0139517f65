import { spawn } from 'node:child_process';
import path from 'node:path';
import { bringRoot } from '@runyard/sandbox/setup';
import { loadLanguages, rootRecipeOf } from '@runyard/shared/languages';
import type { DockerCli } from './docker-cli.ts';

const CACHE_DIR = process.env['RUNYARD_CACHE_DIR'] ?? '/var/cache/runyard';
const LANGUAGES_DIR = path.resolve(import.meta.dirname, '../../../languages');
/** What the launcher builds its image from. */
const BASE_IMAGE = 'debian:trixie-slim';

/**
 * The runtime root with every toolchain, in the place of Debian's own image: the launcher's build finds all packages installed
 * and asks no mirror, but does everything else that it does elsewhere.
 */
export async function importRuntimeRoot(docker: DockerCli): Promise<void> {
  const languages = await loadLanguages(LANGUAGES_DIR, { architecture: process.arch === 'arm64' ? 'arm64' : 'x64' });
  const { root } = await bringRoot({
    recipe: rootRecipeOf(languages),
    cacheDir: CACHE_DIR,
    mayInstall: process.env['RUNYARD_SETUP'] !== 'off',
    environment: process.env,
    debianMirror: null,
    progress: () => undefined,
    signal: new AbortController().signal,
  });
  const label = `runyard.stand-in=${root.id}`;
  if (await docker.hasImage(BASE_IMAGE, label)) return;
  const tar = spawn('tar', ['--create', '--directory', root.dir, '--numeric-owner', '.'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await docker.run(['import', '--change', `LABEL ${label}`, '-', BASE_IMAGE], tar.stdout);
}
