import path from 'node:path';
import { ConfigError } from '@runyard/shared/config';
import { loadLanguages } from '@runyard/shared/languages';
import { createApp } from './app.ts';
import { loadConfig } from './config.ts';

/** `npx cdk synth|diff|deploy` runs this; by itself it writes the templates to `cdk.out`. Needs neither network nor credentials. */
const LANGUAGES = path.join(import.meta.dirname, '..', '..', 'languages');
const OUTPUT = path.join(import.meta.dirname, '..', 'cdk.out');

try {
  const languages = await loadLanguages(LANGUAGES, { architecture: process.arch === 'arm64' ? 'arm64' : 'x64' });
  const config = loadConfig(
    process.env,
    languages.map((language) => language.id),
  );
  const { CDK_DEFAULT_ACCOUNT: account, CDK_DEFAULT_REGION: region, CDK_OUTDIR: outdir = OUTPUT } = process.env;
  const env = account === undefined || region === undefined ? {} : { env: { account, region } };
  createApp(config, { outdir, ...env }).app.synth();
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  console.error(error.message);
  process.exitCode = 78;
}
