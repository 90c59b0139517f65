import { describe, expect, it } from 'vitest';
import { parseAcquireOptions, parseMirror } from './apt-host.ts';

describe('parseMirror', () => {
  const stdout = [
    'http://security.example/debian-security/ bookworm-security main',
    'https://packages.example/tool tool main',
    'file:/media/cdrom/ bookworm main',
    'http://mirror.example/debian/ bookworm contrib',
    'http://mirror.example/debian/ bookworm main',
    'http://second.example/debian/ bookworm main',
    '',
  ].join('\n');

  it('takes the first that serves main of the own release over http', () => {
    expect(parseMirror({ stdout }, 'bookworm')).toBe('http://mirror.example/debian');
  });

  it('finds none on another system', () => {
    expect(parseMirror({ stdout }, null)).toBeNull();
    expect(parseMirror({ stdout: '' }, 'bookworm')).toBeNull();
  });
});

describe('parseAcquireOptions', () => {
  it('keeps what is needed to reach a mirror and nothing else', () => {
    const dump = [
      'Acquire "";',
      'Acquire::http "";',
      'Acquire::http::Proxy "http://proxy.example:3128";',
      'Acquire::https::CaInfo "/etc/ssl/own.pem";',
      'Acquire::Check-Valid-Until "false";',
      'Acquire::Retries "3";',
      'Acquire::Languages "none";',
      'Acquire::http::Proxy::empty "";',
      'DPkg::Post-Invoke:: "rm -rf /";',
    ].join('\n');
    expect(parseAcquireOptions(dump)).toEqual([
      'Acquire::http::Proxy "http://proxy.example:3128";',
      'Acquire::https::CaInfo "/etc/ssl/own.pem";',
      'Acquire::Check-Valid-Until "false";',
      'Acquire::Retries "3";',
    ]);
  });
});
