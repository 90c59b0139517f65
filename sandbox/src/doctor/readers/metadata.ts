import { connect } from 'node:net';

/** The same address in all clouds. */
const ADDRESS = '169.254.169.254';
const PATIENCE_MS = 500;

/** Whether a connection to the metadata service can be opened from this process. Nothing is sent. Never rejects. */
export function metadataAnswers(address = ADDRESS, port = 80): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, timeout: PATIENCE_MS });
    const settle = (answers: boolean): void => {
      socket.destroy();
      resolve(answers);
    };
    socket.once('connect', () => settle(true));
    socket.once('timeout', () => settle(false));
    socket.once('error', () => settle(false));
  });
}
