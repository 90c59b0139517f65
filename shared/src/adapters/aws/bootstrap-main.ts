/**
 * `node bootstrap-main.ts`: makes table, queues and bucket for all languages of the folder, with the variables of the services. Prints one
 * line and exits 0; can be run any number of times.
 */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { bootstrap } from './bootstrap.ts';
import { loadAwsConfig } from './aws-config.ts';

const LANGUAGES_DIR = path.resolve(import.meta.dirname, '../../../../languages');

// oxlint-disable-next-line node/no-process-env -- an entry point
const config = loadAwsConfig(process.env);
const folders = await readdir(LANGUAGES_DIR, { withFileTypes: true });
const languages = folders.filter((folder) => folder.isDirectory()).map(({ name }) => name);
await bootstrap(config, languages);
process.stdout.write(`ready: table ${config.table}, queues for ${languages.join(' ')}, bucket ${config.bucket}\n`);
