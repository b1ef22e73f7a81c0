/** Where the gateway does, on purpose, something else than a case of the catalogue asks for. */
export interface Difference {
  readonly id: string;
  readonly does: string;
  readonly why: string;
}

export const differences: readonly Difference[] = [];
