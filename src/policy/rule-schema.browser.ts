/** Only the JSON Schema of a policy has a use for it, and that is made when the package is built. */
export const RULE_PATTERN = '';
