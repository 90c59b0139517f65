import type { AbuseCase } from '../../case.ts';
import { refuses, submitsWith } from './asking.ts';

/** Addresses by which a server is made to call itself, its neighbours or its cloud. */
const ADDRESSES = [
  'http://127.0.0.1:8080/submit',
  'http://localhost/',
  'http://[::1]/',
  'http://[::ffff:127.0.0.1]/',
  'http://0.0.0.0/',
  'http://2130706433/',
  'http://0x7f.1/',
  'http://169.254.169.254/latest/meta-data/',
  'http://10.0.0.1/',
  'http://user:password@example.com/',
  'http://example.com:22/',
  'file:///etc/passwd',
  'gopher://127.0.0.1:6379/_x',
];

export const CALLBACK_CASES: readonly AbuseCase[] = [
  {
    id: 'A6',
    title: 'addresses for callbacks: loopback, link-local, private, in other spellings, other schemes',
    tags: ['full'],
    expected: 'refused: the server calls nobody, and a field that asks for it is unknown',
    acts: [
      ...ADDRESSES.map((callbackUrl) => submitsWith(callbackUrl, { callbackUrl }, refuses('/callbackUrl'))),
      ...['callback_url', 'webhook', 'webhooks', 'webhookUrl', 'notify'].map((field) =>
        submitsWith(`field ${field}`, { [field]: 'http://127.0.0.1/' }, refuses(`/${field}`)),
      ),
    ],
  },
];
