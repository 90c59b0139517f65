export { run } from '../../services/executor/src/application/run.ts';
