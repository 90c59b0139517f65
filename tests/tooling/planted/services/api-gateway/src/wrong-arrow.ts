export { run } from '../../executor/src/application/run.ts';
