import { type InstalledLanguage, type LanguageCatalogue, resolveLimits } from '@runyard/shared/domain';
import { NotFoundError } from '@runyard/shared/errors';
import type { Router } from 'express';
import { mount } from '../mount.ts';
import { sendJson } from '../send.ts';
import { toWireLimits } from '../wire-job.ts';

/** The catalogue does not change while the server runs: it is prepared once. */
export function mountLanguages(
  router: Router,
  catalogue: LanguageCatalogue<InstalledLanguage>,
  execTimeoutSec: number,
): void {
  const byId = new Map(catalogue.languages.map((language) => [language.id, toWireLanguage(language, execTimeoutSec)]));
  const all = { languages: [...byId.values()] };
  mount(router, '/languages', {
    get: ({ request, response }) => {
      sendJson(request, response, { status: 200, body: all });
    },
  });
  mount(
    router,
    '/languages',
    {
      get: ({ request, response, tail }) => {
        const lookup = catalogue.resolve(tail ?? '');
        if (lookup.kind === 'unknown') throw new NotFoundError('No such language.');
        sendJson(request, response, { status: 200, body: byId.get(lookup.language.id) });
      },
    },
    { withTail: true },
  );
}

function toWireLanguage(language: InstalledLanguage, execTimeoutSec: number) {
  return {
    id: language.id,
    name: language.name,
    aliases: language.aliases,
    versions: [{ version: language.version, toolchain: language.toolchain }],
    sourceFile: language.sourceFile,
    compile: language.compile === null ? null : { argv: language.compile.argv },
    run: { argv: language.run.argv },
    limits: toWireLimits(resolveLimits(language, {}, execTimeoutSec)),
    sample: language.sample,
  };
}
