export { store } from '../adapters/store.ts';
