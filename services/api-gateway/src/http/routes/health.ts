import type { Router } from 'express';
import type { Readiness } from '@runyard/shared/process';
import type { ServerVersion } from '../../application/ports.ts';
import { mount } from '../mount.ts';
import { sendJson } from '../send.ts';

export function mountHealth(router: Router, deps: { readiness: Readiness; version: ServerVersion }): void {
  mount(router, '/health/live', {
    get: ({ request, response }) => {
      sendJson(request, response, { status: 200, body: { status: 'ok' } });
    },
  });
  mount(router, '/health/ready', {
    get: async ({ request, response }) => {
      const { isReady, checks } = await deps.readiness.report();
      const body = { status: isReady ? 'ready' : 'not_ready', checks };
      sendJson(request, response, { status: isReady ? 200 : 503, body });
    },
  });
  mount(router, '/version', {
    get: ({ request, response }) => {
      const body = { name: 'runyard', version: deps.version.version, ...deps.version.details };
      sendJson(request, response, { status: 200, body });
    },
  });
}
