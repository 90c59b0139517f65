import { createServer, type Server, type ServerResponse } from 'node:http';
import type { ReaperService } from './reaper-service.ts';

export interface AdminServer {
  readonly port: number;
  close(): Promise<void>;
}

/** `/health/live`, `/health/ready` (the engine answered a sweep of the last 20 s) and `/metrics`. For operators: keep it off the network. */
export async function startAdminServer(
  address: { readonly host: string; readonly port: number },
  service: Pick<ReaperService, 'isHealthy' | 'orphansReapedTotal'>,
): Promise<AdminServer> {
  const server = createServer((request, response) => answer(request.url ?? '', response, service));
  await listen(server, address);
  const bound = server.address();
  return {
    port: typeof bound === 'object' && bound !== null ? bound.port : address.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answer(
  url: string,
  response: ServerResponse,
  service: Pick<ReaperService, 'isHealthy' | 'orphansReapedTotal'>,
): void {
  if (url === '/health/live') send(response, 200, '{"status":"ok"}', 'application/json');
  else if (url === '/health/ready' && service.isHealthy) send(response, 200, '{"status":"ok"}', 'application/json');
  else if (url === '/health/ready') send(response, 503, '{"status":"the engine does not answer"}', 'application/json');
  else if (url === '/metrics') send(response, 200, metricsOf(service.orphansReapedTotal), 'text/plain; version=0.0.4');
  else send(response, 404, '{"status":"not found"}', 'application/json');
}

function metricsOf(orphansReapedTotal: number): string {
  const name = 'runyard_orphans_reaped_total';
  const help = `# HELP ${name} Containers that outlived their launcher or their deadline. Above 0 something is wrong.`;
  return `${help}\n# TYPE ${name} counter\n${name} ${orphansReapedTotal}\n`;
}

function send(response: ServerResponse, status: number, body: string, type: string): void {
  response.writeHead(status, { 'content-type': type }).end(body);
}

function listen(server: Server, { host, port }: { readonly host: string; readonly port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
}
