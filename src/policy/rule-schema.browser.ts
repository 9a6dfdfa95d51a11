/** Only the JSON Schema of policies needs the pattern, and that schema is made when the package is built. */
export const RULE_PATTERN = '';
