export { dockerProfile } from './docker-profile.ts';
