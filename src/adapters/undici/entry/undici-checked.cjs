// `evenkeel/undici` for CommonJS: says what to install where undici is missing.
const { peerFailure } = require('./peer.cjs');

try {
  exports.BalancedDispatcher = require('./undici.cjs').BalancedDispatcher;
} catch (error) {
  throw peerFailure('evenkeel/undici', 'undici', error);
}
