import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { outputKey, outputsPrefix } from '../domain/index.ts';
import { ArtifactExistsError } from '../errors/index.ts';
import type { ArtifactStore } from '../ports/index.ts';

export interface ArtifactStoreHarness {
  readonly store: ArtifactStore;
  /** What a client gets that follows the link `afterMs` after the test made it; null when it is refused or there is no object. */
  follow(url: string, afterMs: number): Promise<Uint8Array | null>;
  /** How long links of the test live, in whole seconds: short where time is real. */
  readonly linkLifeMs: number;
  dispose(): Promise<void>;
}

const TEXT = { contentType: 'text/plain' };
const LARGE_BYTES = 5 * 1024 * 1024;

function asText(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes).toString('latin1');
}

/** What every ArtifactStore must do, below and above the sizes at which an adapter may change its ways. */
export function artifactStoreContract(name: string, makeStore: () => Promise<ArtifactStoreHarness>): void {
  describe(`ArtifactStore contract: ${name}`, () => {
    let harness: ArtifactStoreHarness;
    let store: ArtifactStore;
    beforeEach(async () => {
      harness = await makeStore();
      store = harness.store;
    });
    afterEach(() => harness.dispose());

    const key = outputKey('01890000-0000-7000-8000-000000000000', 1, 'combined');
    const put = (objectKey: string, text: string) => store.put(objectKey, Buffer.from(text, 'latin1'), TEXT);

    test.each([0, 1, 16 * 1024, 16 * 1024 + 1, LARGE_BYTES])('gives back %d bytes as they were', async (length) => {
      const body = Buffer.alloc(length, 'abc\u0000\u00ff');
      const path = await store.put(key, body, TEXT);
      const found = await store.get(path);
      expect(found?.length).toBe(length);
      expect(body.equals(found ?? Buffer.from('x'))).toBe(true);
    });

    test('what is not there is null', async () => {
      const path = await put(key, 'x');
      expect(await store.get(path.replace('combined', 'nothing'))).toBeNull();
      expect(await store.get(`${path}/below`)).toBeNull();
    });

    test.each([
      ['one row', ''],
      ['a large object', '-'.repeat(64 * 1024)],
    ])('cuts ranges of %s; past the end there is less', async (_name, tail) => {
      const path = await put(key, `0123456789${tail}`);
      const size = 10 + tail.length;
      expect(asText(await store.get(path, { offset: 0, length: 3 }))).toBe('012');
      expect(asText(await store.get(path, { offset: 7, length: 3 }))).toBe('789');
      expect((await store.get(path, { offset: size - 2, length: 100 }))?.length).toBe(2);
      expect((await store.get(path, { offset: size, length: 5 }))?.length).toBe(0);
      expect((await store.get(path, { offset: size + 50, length: 5 }))?.length).toBe(0);
      expect((await store.get(path, { offset: 3, length: 0 }))?.length).toBe(0);
    });

    test('the same bytes may be put again, others may not, whatever their sizes', async () => {
      const large = 'L'.repeat(100_000);
      const second = outputKey('01890000-0000-7000-8000-000000000000', 2, 'combined');
      for (const [objectKey, text, others] of [
        [key, 'small', ['other', '', large]],
        [second, large, ['small', `${large.slice(1)}M`]],
      ] as const) {
        const path = await put(objectKey, text);
        expect(await put(objectKey, text)).toBe(path);
        for (const other of others) await expect(put(objectKey, other)).rejects.toBeInstanceOf(ArtifactExistsError);
        expect(asText(await store.get(path))).toBe(text);
      }
    });

    test('of puts of one key at once one wins, whole', async () => {
      const bodies = Array.from({ length: 8 }, (_, index) => String(index).repeat(index % 2 === 0 ? 100 : 100_000));
      const results = await Promise.allSettled(bodies.map((body) => put(key, body)));
      const winners = bodies.filter((_body, index) => results[index]?.status === 'fulfilled');
      const paths = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
      const reasons = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
      expect(winners).toHaveLength(1);
      expect(asText(await store.get(paths[0] ?? ''))).toBe(winners[0]);
      for (const reason of reasons) expect(reason).toBeInstanceOf(ArtifactExistsError);
    });

    test('deletePrefix removes what starts with it and nothing else', async () => {
      const id = '01890000-0000-7000-8000-000000000001';
      const neighbour = '01890000-0000-7000-8000-000000000010';
      const large = 'x'.repeat(100_000);
      const gone = [
        await put(outputKey(id, 1, 'stdout'), 'small'),
        await put(outputKey(id, 1, 'combined'), large),
        await put(outputKey(id, 2, 'combined'), large),
      ];
      const kept = [
        await put(outputKey(neighbour, 1, 'stdout'), 'small'),
        await put(outputKey(neighbour, 1, 'stderr'), large),
      ];
      await store.deletePrefix(outputsPrefix(id));
      await store.deletePrefix(outputsPrefix(id));
      for (const path of gone) expect(await store.get(path)).toBeNull();
      for (const path of kept) expect(await store.get(path)).not.toBeNull();
    });

    test('a prefix may end within a name', async () => {
      const large = 'x'.repeat(100_000);
      const paths = {
        ab: await put('outputs/ab/1', 'small'),
        abc: await put('outputs/abc/1', large),
        b: await put('outputs/b/1', large),
      };
      await store.deletePrefix('outputs/ab');
      expect(await store.get(paths.ab)).toBeNull();
      expect(await store.get(paths.abc)).toBeNull();
      expect(await store.get(paths.b)).not.toBeNull();
    });

    test('after deletePrefix the key can be used again', async () => {
      await put(key, 'first'.repeat(10_000));
      await store.deletePrefix('outputs/');
      expect(asText(await store.get(await put(key, 'second'.repeat(10_000))))).toBe('second'.repeat(10_000));
    });

    test.each([
      '',
      '/',
      '/etc/passwd',
      '../secret',
      'outputs/../../secret',
      'outputs/./x',
      'outputs//x',
      'outputs/x/',
      '.tmp/x',
      'outputs/a\u0000b',
      'outputs/a\\b',
      'outputs/ä',
      'a'.repeat(600),
    ])('refuses %j as a key', async (bad) => {
      await expect(put(bad, 'x')).rejects.toMatchObject({ code: 'internal' });
      await expect(store.get(`artifact:///${bad}`)).resolves.toBeNull();
    });

    test('a link gives the object until it expires', async () => {
      const path = await put(key, 'hello\n');
      const expiresInMs = harness.linkLifeMs;
      const link = await store.signUrl(path, { expiresInMs, fileName: 'out put "ü".txt' });
      expect(asText(await harness.follow(link.url, 0))).toBe('hello\n');
      expect(asText(await harness.follow(link.url, expiresInMs / 2))).toBe('hello\n');
      expect(await harness.follow(link.url, expiresInMs + 2_000)).toBeNull();
    });

    test('a changed link gives nothing', async () => {
      const path = await put(key, 'mine');
      const other = outputKey('01890000-0000-7000-8000-0000000000ff', 1, 'combined');
      await put(other, 'theirs');
      const { url } = await store.signUrl(path, { expiresInMs: 60_000, fileName: 'a.txt' });
      expect(await harness.follow(url.replace(key, other), 0)).toBeNull();
      expect(await harness.follow(url.slice(0, -1) + (url.endsWith('0') ? '1' : '0'), 0)).toBeNull();
    });

    test('ping answers', async () => {
      await expect(store.ping()).resolves.toBeUndefined();
    });
  });
}
