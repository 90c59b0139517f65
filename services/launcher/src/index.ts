import path from 'node:path';

export type { ReadyImage } from './config.ts';
export { findUser, parseUser, type UnixUser } from './user.ts';

/** The program to start. */
export const LAUNCHER_MAIN = path.join(import.meta.dirname, 'main.ts');
