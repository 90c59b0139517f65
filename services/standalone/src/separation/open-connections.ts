import { globalAgent as plain } from 'node:http';
import { globalAgent as encrypted } from 'node:https';

/**
 * Ends the connections that Node keeps for the next call: for five seconds after its last answer one to the engine is open,
 * and whoever holds that has the engine, whatever this process may open by then.
 */
export function hangUpOnEngines(): void {
  for (const agent of [plain, encrypted]) agent.destroy();
}
