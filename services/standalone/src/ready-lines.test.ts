import { expect, test } from 'vitest';
import { aLanguage } from '@runyard/shared/testing';
import { clientUrl, readyLines } from './ready-lines.ts';

test('the request is the one of the README where python is served', () => {
  const lines = readyLines({ url: 'http://127.0.0.1:8080', startMs: 1234, language: aLanguage({ id: 'python' }) });
  expect(lines).toEqual([
    'Ready in 1.2 s',
    'http://127.0.0.1:8080',
    `curl -s 'http://127.0.0.1:8080/submit?wait=5' -H 'content-type: application/json' -d '{"language":"python","code":"print(1)"}'`,
  ]);
});

test('elsewhere it is a sample, quoted for the shell', () => {
  const language = aLanguage({ id: 'bash', sample: { code: "echo 'x'", input: '', output: 'x\n' } });
  expect(readyLines({ url: 'http://h', startMs: 0, language }).at(-1)).toBe(
    `curl -s 'http://h/submit?wait=5' -H 'content-type: application/json' -d '{"language":"bash","code":"echo '\\''x'\\''","input":""}'`,
  );
});

test('a wildcard address is none to connect to', () => {
  expect(clientUrl({ host: '0.0.0.0', port: 8080, url: 'http://0.0.0.0:8080' })).toBe('http://127.0.0.1:8080');
  expect(clientUrl({ host: '::1', port: 8080, url: 'http://[::1]:8080' })).toBe('http://[::1]:8080');
});
