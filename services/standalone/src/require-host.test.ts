import { StartupError } from '@runyard/shared/errors';
import { silentLogger } from '@runyard/shared/logging';
import { expect, test } from 'vitest';
import { loadConfig } from './config.ts';
import { requireHost } from './require-host.ts';

/** No host has memory for so many. */
const TOO_MANY = { RUNYARD_SLOTS: '1024' };

test('what is advised is only told', async () => {
  const config = loadConfig(TOO_MANY, true);
  await expect(requireHost({ launcher: 'native', config, logger: silentLogger() })).resolves.toBeUndefined();
});

test('with RUNYARD_STRICT it refuses the start, with the fix', async () => {
  const config = loadConfig({ ...TOO_MANY, RUNYARD_STRICT: 'true' }, true);
  const start = requireHost({ launcher: 'native', config, logger: silentLogger() });
  await expect(start).rejects.toThrow(StartupError);
  await expect(start).rejects.toThrow(/memory-of-all-slots: 1024 × 1024 MiB of \d+ MiB\. .*\n {2}Lower RUNYARD_SLOTS/);
});
