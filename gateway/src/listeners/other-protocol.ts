// Which requests to change the protocol are tunnels.

/**
 * Whether `Upgrade` names another protocol than HTTP. Another version of HTTP is an offer that may be ignored
 * (RFC 9110 section 7.8), and no backend should be asked for it.
 */
export function isOtherProtocol(upgrade: string | undefined): boolean {
  return upgrade !== undefined && upgrade !== '' && !/^(?:h2c|http\/)/i.test(upgrade);
}
