import { resolveLimits } from '@runyard/shared/domain';
import { NotFoundError } from '@runyard/shared/errors';
import type { Router } from 'express';
import type { LanguageSource, ServedLanguage } from '../../application/language-directory.ts';
import { mount } from '../mount.ts';
import { sendJson } from '../send.ts';
import { toWireLimits } from '../wire-job.ts';

/** The catalogue changes rarely: what is sent is prepared once for each. */
export function mountLanguages(router: Router, source: LanguageSource, execTimeoutSec: number): void {
  let prepared = prepare(source.catalogue, execTimeoutSec);
  const current = () => {
    if (prepared.catalogue !== source.catalogue) prepared = prepare(source.catalogue, execTimeoutSec);
    return prepared;
  };
  mount(router, '/languages', {
    get: ({ request, response }) => {
      sendJson(request, response, { status: 200, body: current().all });
    },
  });
  mount(
    router,
    '/languages',
    {
      get: ({ request, response, tail }) => {
        const { catalogue, byId } = current();
        const lookup = catalogue.resolve(tail ?? '');
        if (lookup.kind === 'unknown') throw new NotFoundError('No such language.');
        sendJson(request, response, { status: 200, body: byId.get(lookup.language.id) });
      },
    },
    { withTail: true },
  );
}

function prepare(catalogue: LanguageSource['catalogue'], execTimeoutSec: number) {
  const byId = new Map(catalogue.languages.map((language) => [language.id, toWireLanguage(language, execTimeoutSec)]));
  return { catalogue, byId, all: { languages: [...byId.values()] } };
}

function toWireLanguage(language: ServedLanguage, execTimeoutSec: number) {
  const { version, toolchain } = language;
  return {
    id: language.id,
    name: language.name,
    aliases: language.aliases,
    versions: version === null ? [] : [{ version, toolchain }],
    sourceFile: language.sourceFile,
    compile: language.compile === null ? null : { argv: language.compile.argv },
    run: { argv: language.run.argv },
    limits: toWireLimits(resolveLimits(language, {}, execTimeoutSec)),
    sample: language.sample,
  };
}
