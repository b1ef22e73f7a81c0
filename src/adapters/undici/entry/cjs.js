// `evenkeel/undici` for CommonJS: says what to install where undici is missing.
const { peerFailure } = require('./peer.js');

try {
  exports.BalancedDispatcher = require('./undici.js').BalancedDispatcher;
} catch (error) {
  throw peerFailure('evenkeel/undici', 'undici', error);
}
