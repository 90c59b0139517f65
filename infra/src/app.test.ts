import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ConfigError } from '@runyard/shared/config';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createApp } from './app.ts';
import { loadConfig } from './config.ts';

let outdir: string;
beforeEach(() => {
  outdir = mkdtempSync(path.join(tmpdir(), 'cdk-'));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(outdir, { recursive: true });
});

/** The checks compile their rules first: 4 s of CPU, which a busy machine does not have at once. */
const PATIENCE = { timeout: 180_000 };

const config = () => loadConfig({}, ['python']);

test('is synthesised without network or account, and nothing is found in it', PATIENCE, () => {
  createApp(config(), { outdir }).app.synth();
  expect(readdirSync(outdir)).toContain('runyard-dev-0-data.template.json');
});

test('a finding that nobody has acknowledged stops the synthesis', PATIENCE, () => {
  vi.spyOn(console, 'error').mockImplementation(() => {});
  const { app, dataStack } = createApp(config(), { outdir });
  const careless = new Bucket(dataStack, 'Careless');
  expect(() => app.synth()).toThrow(`${careless.node.path}/Resource`);
});

test('a stack is for one account and region where they are given', () => {
  const env = { account: '123456789012', region: 'eu-west-1' };
  expect(createApp(config(), { outdir, env }).dataStack).toMatchObject(env);
});

test('the layout of one queue for all is refused by name', () => {
  const env = { SQS_QUEUE_URL: 'http://localhost:4566/000000000000/jobs' };
  expect(() => loadConfig(env, ['python'])).toThrow(ConfigError);
  expect(() => loadConfig(env, ['python'])).toThrow(/SQS_QUEUE_URL/);
});
