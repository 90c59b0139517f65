/**
 * Without variables: the cases that are quick enough for every change, native, at most a minute. RUNYARD_ABUSE=full: every case
 * against every launcher; RUNYARD_ABUSE_LAUNCHERS=native,docker,runsc and RUNYARD_ABUSE_CASES=R1,E3 choose, and
 * RUNYARD_ABUSE_REPORT=1 writes docs/security/abuse-results-<launcher>.md. RUNYARD_ABUSE_OWN_HOST=1 where nothing else works.
 */
import { chosenSuites } from './runner/options.ts';
import { defineAbuseSuite } from './runner/suite.ts';

for (const options of chosenSuites()) defineAbuseSuite(options);
