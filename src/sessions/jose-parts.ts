// The parts of jose that are used: a bundle gets these alone.
export { createLocalJWKSet, jwtVerify } from 'jose';
