// The parts of jose that are used, so that a bundle contains only these.
export { createLocalJWKSet, jwtVerify } from 'jose';
