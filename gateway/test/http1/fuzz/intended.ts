// The differences between our parsers and others that are meant, in both directions. Any other one is a
// defect.

/** One kind of difference. */
export interface IntendedDifference {
  readonly what: string;
  readonly why: string;
  /** How our reader ends; `content` for messages that both accept. */
  readonly own: RegExp;
  /** How the other one ends. */
  readonly peer: RegExp;
  /** The bytes from the first message on that not both accept. */
  readonly bytes: RegExp;
}

const ANY = /^(?!content$)/;
const SYNTAX = /^syntax$/;

/** Both with llhttp and with undici, which is built on it. */
const SHARED: readonly IntendedDifference[] = [
  {
    what: 'takes a TAB after a transfer coding for a space, which is no part of it',
    why: 'RFC 9110 section 5.5; llhttp takes the coding for another one',
    own: /^content$/,
    peer: /^content$/,
    bytes: /Transfer-Encoding:[^\r]*chunked[ \t]*\t[ \t]*\r/i,
  },
  {
    what: 'takes a TAB after a length for a space, which is no part of it',
    why: 'RFC 9110 section 5.5; llhttp finds an invalid character',
    own: /./,
    peer: /Invalid character in Content-Length|CONTENT_LENGTH/,
    bytes: /Content-Length:[ \t]*\d+[ \t]*\t[ \t]*\r/i,
  },
  {
    what: 'refuses transfer codings but `chunked`, also lists that end with it and an empty one',
    why: 'servers do not agree on where such a message ends',
    own: /^coding$/,
    peer: ANY,
    bytes: /Transfer-Encoding[ \t]*:(?![ \t]*chunked[ \t]*\r)/i,
  },
  {
    what: 'refuses lengths of more than 15 digits',
    why: 'larger numbers are not exact',
    own: /^framing$/,
    peer: ANY,
    bytes: /Content-Length:[ \t]*\d{16,}/i,
  },
  {
    what: 'refuses chunk sizes beyond 2^53, and of more than 16 digits',
    why: 'larger numbers are not exact, and readers that count digits would differ',
    own: /^body syntax$/,
    peer: ANY,
    bytes: /\r\n(?:[\da-f]{14,}|[^\r]*\d{17,})/i,
  },
  {
    what: 'tells a fault in the framing when the head is whole',
    why: 'until then the rest of the head may have another fault, and nothing is acted on',
    own: /^half$/,
    peer: /CONTENT_LENGTH|TRANSFER_ENCODING|Content-Length|Transfer-Encoding/,
    bytes: /(?:Content-Length|Transfer-Encoding)[\s\S]*$/i,
  },
  {
    what: 'reads over trailers that would frame a message',
    why: 'they are neither acted on nor passed on',
    own: ANY,
    peer: /CONTENT_LENGTH|TRANSFER_ENCODING|Content-Length can't|Transfer-Encoding can't/,
    bytes: /\r\n0[^\r\n]*\r\n[\s\S]*(?:Content-Length|Transfer-Encoding)/i,
  },
  {
    what: 'takes in a chunk extension whatever may stand in a value',
    why: 'extensions are ignored',
    own: ANY,
    peer: /HPE_STRICT|HPE_INVALID_CHUNK_SIZE|chunk extensions|chunk size/,
    bytes: /\r\n[\da-f]+;[^\r\n]*/i,
  },
];

/** Against llhttp, as node:http has it. */
export const REQUEST_DIFFERENCES: readonly IntendedDifference[] = [
  ...SHARED,
  {
    what: 'takes empty lines before a request only if they are CRLF, and eight at most',
    why: 'a bare CR or LF ends a line for some readers only',
    own: SYNTAX,
    peer: ANY,
    bytes: /^(?:\r\n)*(?:\n|\r(?!\n))|^(?:\r\n){9}/,
  },
  {
    what: 'refuses more than one space between the parts of a request line',
    why: 'a reader that splits at each space sees another target',
    own: SYNTAX,
    peer: ANY,
    bytes: /^(?:\r\n)*[^\r\n]* {2}/,
  },
  {
    what: 'refuses HTTP/0.9 and HTTP/2.0',
    why: 'neither has heads like these',
    own: /^version$/,
    peer: ANY,
    bytes: /^(?:\r\n)*[^\r\n]* HTTP\/(?:0\.9|2\.0)/,
  },
  {
    what: 'refuses chunks in HTTP/1.0',
    why: 'RFC 9112 section 6.1',
    own: /^framing$/,
    peer: ANY,
    bytes: /^(?:\r\n)*[^\r\n]* HTTP\/1\.0\r\n[\s\S]*Transfer-Encoding/i,
  },
  {
    what: 'takes any method without letters in lower case',
    why: 'methods are tokens, and new ones are registered',
    own: ANY,
    peer: /^HPE_INVALID_METHOD$/,
    bytes: /^(?:\r\n)*[A-Z\d!#$%&'*+.^_`|~-]*(?: |\r?$)/,
  },
  {
    what: 'refuses a request line without a version',
    why: 'HTTP/0.9 has no heads',
    own: SYNTAX,
    peer: ANY,
    bytes: /^(?:\r\n)*[^ \r\n]+ [^ \r\n]*[\r\n]/,
  },
  {
    what: 'ends a connection at `close`, whatever stands before it',
    why: 'the client has said that it sends no more (RFC 9112 section 9.6)',
    own: /^closed$/,
    peer: ANY,
    bytes: ANY,
  },
  {
    what: 'tells a version that is not served when the request line is whole',
    why: 'nothing is acted on before',
    own: /^half$/,
    peer: /^HPE_INVALID_VERSION$/,
    bytes: /^(?:\r\n)*[^\r\n]* HTTP\/[\d.]+\r?$/,
  },
  {
    what: 'leaves the form of a target to the gateway',
    why: 'which refuses it with a code of its own',
    own: ANY,
    peer: /^HPE_INVALID_URL$/,
    bytes: /^(?:\r\n)*[^ \r\n]+ [^/ ]/,
  },
];

/** Against undici. */
export const RESPONSE_DIFFERENCES: readonly IntendedDifference[] = [
  ...SHARED,
  {
    what: 'takes 100 (Continue) unasked',
    why: 'a client must (RFC 9110 section 15.2)',
    own: ANY,
    peer: /bad response/,
    bytes: /^HTTP\/1\.[01] 100\b/,
  },
  {
    what: 'unfolds folded fields',
    why: 'a proxy may (RFC 9112 section 5.2); older servers send them',
    own: ANY,
    peer: /whitespace after header value|Invalid header/,
    bytes: /\r\n[ \t]/,
  },
  {
    what: 'refuses HTTP/0.9 and HTTP/2.0',
    why: 'neither has heads like these',
    own: SYNTAX,
    peer: ANY,
    bytes: /^HTTP\/(?:0\.9|2\.0) /,
  },
  {
    what: 'refuses control characters in a reason phrase, a bare CR after it among them',
    why: 'they would be passed on to clients',
    own: SYNTAX,
    peer: ANY,
    bytes: /^\S+ \d{3} [^\r\n]*(?:(?![\t\r\n])\p{Cc}|\r[^\n])/u,
  },
  {
    what: 'takes no empty line before a response',
    why: 'on a connection that is kept, it belongs to no request',
    own: SYNTAX,
    peer: ANY,
    bytes: /^[\r\n]/,
  },
  {
    what: 'reads on after an interim response with `Connection: close`',
    why: 'the connection is to be closed after the final one',
    own: ANY,
    peer: /Data after `Connection: close`/,
    bytes: ANY,
  },
  {
    what: 'refuses a change of the protocol unasked as a failure of the backend',
    why: 'undici fails an assertion of its own',
    own: ANY,
    peer: /assert|bad upgrade/,
    bytes: /^HTTP\/\S+ 101\b/,
  },
  {
    what: 'refuses a status below 100',
    why: 'it has no meaning, and no client takes it',
    own: SYNTAX,
    peer: ANY,
    bytes: /^HTTP\/1\.[01] 0\d\d/,
  },
  {
    what: 'reads no body of a 204 or 304, whatever its length',
    why: 'RFC 9112 section 6.3; the connection is closed if one comes',
    own: ANY,
    peer: /^half$/,
    bytes: /^HTTP\/\S+ (?:204|304)[\s\S]*Content-Length/i,
  },
  {
    what: 'tells a version that is not served when the status line is whole',
    why: 'nothing is acted on before',
    own: /^half$/,
    peer: /Invalid HTTP version/,
    bytes: /^HTTP\/[\d.]+(?: \d*)?$/,
  },
];
