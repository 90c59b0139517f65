export { store } from '../../shared/src/adapters/store.ts';
