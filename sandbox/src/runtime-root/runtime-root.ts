import type { RootManifest } from './manifest.ts';
import type { ProgressListener } from './progress.ts';

export interface EnsureRootOptions {
  /** Absolute. Trees stand in `<cacheDir>/roots`. */
  readonly cacheDir: string;
  readonly progress?: ProgressListener;
  /** Debian mirror; default: the host's own when it is Debian, else http://deb.debian.org/debian. */
  readonly aptMirror?: string;
  /** Whether mmdebstrap may be installed with apt-get when it is missing. */
  readonly mayInstall: boolean;
  /** The environment from which PATH, HOME, proxy, certificate and registry settings are taken; nothing else is passed on. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal;
}

export interface RuntimeRoot {
  readonly id: string;
  readonly dir: string;
  readonly manifest: RootManifest;
}
